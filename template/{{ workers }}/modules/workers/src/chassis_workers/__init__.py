"""Workers: processes that handle events and run jobs at set times, and serve no HTTP.

A message is handled at least once, for a worker may die at any moment; what it writes through the
data service is written once.
"""

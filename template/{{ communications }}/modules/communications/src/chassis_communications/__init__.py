"""Communications: email and SMS that are asked for once, and sent at most once.

A message is queued in the data service, and a worker sends it. What becomes of it is told by the
provider, through webhooks; every step is in the history of the document service.
"""

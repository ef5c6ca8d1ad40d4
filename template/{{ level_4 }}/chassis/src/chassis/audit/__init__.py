"""Audit: who did what to which record, in a log that is only ever added to.

``log`` keeps it, in the data service; ``trail`` shows it, in the business API.
"""

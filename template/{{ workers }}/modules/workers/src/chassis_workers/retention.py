"""How long a message is known."""

from datetime import timedelta

RETENTION = timedelta(days=14)
"""How long the key of a write is kept; a message that comes again later is a new one."""

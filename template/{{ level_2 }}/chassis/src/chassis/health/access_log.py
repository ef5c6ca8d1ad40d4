import logging

PROBED = frozenset({"/health", "/ready"})
_ROUTE = 1


class WithoutProbes(logging.Filter):
    """Leaves out of the access log what the platform asks every few seconds."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is to be written."""
        arguments = record.args
        if not isinstance(arguments, tuple) or len(arguments) <= _ROUTE:
            return True
        return arguments[_ROUTE] not in PROBED

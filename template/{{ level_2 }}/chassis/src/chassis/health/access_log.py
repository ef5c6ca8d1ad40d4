import logging

PROBED = frozenset({"/health", "/ready"})
_PATH = 2


class WithoutProbes(logging.Filter):
    """Leaves out of the access log what the platform asks every few seconds."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is to be written."""
        arguments = record.args
        if not isinstance(arguments, tuple) or len(arguments) <= _PATH:
            return True
        return str(arguments[_PATH]).partition("?")[0] not in PROBED

import logging

from chassis.access_log import LOGGER

_ROUTE = 1
_left_out: set[str] = set()


class WithoutProbes(logging.Filter):
    """Leaves out of the access log what the platform asks every few seconds."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is to be written."""
        arguments = record.args
        if not isinstance(arguments, tuple) or len(arguments) <= _ROUTE:
            return True
        return arguments[_ROUTE] not in _left_out


def leave_out(*routes: str) -> None:
    """Have requests for these routes not logged."""
    _left_out.update(routes)
    requests = logging.getLogger(LOGGER)
    if not any(isinstance(known, WithoutProbes) for known in requests.filters):
        requests.addFilter(WithoutProbes())

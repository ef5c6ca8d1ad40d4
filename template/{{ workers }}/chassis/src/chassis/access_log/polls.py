"""Polls: what workers ask every second is told in the access log only where it fails."""

import logging

from chassis.access_log import LOGGER

FAILED = 400
_polls: set[tuple[str, str]] = set()


class WithoutPolls(logging.Filter):
    """Leaves out polls that were answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is to be written."""
        match record.args:
            case (method, route, int(status), *_):
                return (method, route) not in _polls or status >= FAILED
            case _:
                return True


def leave_out(*routes: str) -> None:
    """Have GET requests for these routes not logged while they are answered."""
    _polls.update(("GET", route) for route in routes)
    requests = logging.getLogger(LOGGER)
    if not any(isinstance(known, WithoutPolls) for known in requests.filters):
        requests.addFilter(WithoutPolls())

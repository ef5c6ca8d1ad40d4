import logging

from chassis.access_log import LOGGER
from chassis.bot_webhook.telling import PATH

POLL = ("GET", f"{PATH}/waiting")
FAILED = 400


class WithoutPolls(logging.Filter):
    """Leaves out of the access log that the bot has asked, every few seconds, and was answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is to be written."""
        match record.args:
            case (method, route, int(status), *_) if (method, route) == POLL:
                return status >= FAILED
            case _:
                return True


def leave_out() -> None:
    """Have what the bot asks again and again not logged while it is answered."""
    requests = logging.getLogger(LOGGER)
    if not any(isinstance(known, WithoutPolls) for known in requests.filters):
        requests.addFilter(WithoutPolls())

"""Logs: one readable line an event, on the standard error stream."""

import logging
from types import TracebackType
from typing import Annotated, Literal

from pydantic import BeforeValidator
from pydantic_settings import BaseSettings
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from chassis.feature import Host, no_lifespan
from chassis.problems.telling import described, formatted

LINE = "%(asctime)s %(levelname)-8s %(name)s: %(message)s"
HANDLER = "console"

logger = logging.getLogger(__name__)

type Level = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
    BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
]


class Settings(BaseSettings):
    """Settings of the logs."""

    log_level: Level = "INFO"
    """The least severe level that is written."""


def install(_host: Host, settings: Settings) -> None:
    """Configure the logs of the whole process."""
    configure(settings.log_level)


lifespan = no_lifespan


def configure(level: str) -> None:
    """Write every record of this level or above once, those of the server included.

    May be called again: handlers that others put on the root logger stay.
    """
    handler = logging.StreamHandler()
    handler.set_name(HANDLER)
    handler.setFormatter(Formatter(LINE))
    root = logging.getLogger()
    for former in [known for known in root.handlers if known.get_name() == HANDLER]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(level)
    _pass_on(logging.getLogger("uvicorn"))
    server = logging.getLogger("uvicorn.error")
    if _tells_no_address not in server.filters:
        server.addFilter(_tells_no_address)
    # These tell addresses with their queries; chassis.access_log does not.
    _silence(logging.getLogger("uvicorn.access"))
    for name in ("httpx", "httpx2"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    set_on_retry_hooks([_log_retry])


class Formatter(logging.Formatter):
    """Tells errors without what people sent."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record anew, whatever other formatters have left in it."""
        own = logging.makeLogRecord(record.__dict__)
        own.exc_text = None
        return super().format(own)

    def formatException(  # noqa: N802  # the name that logging calls
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """Write a traceback."""
        return formatted(ei[1]) if ei[1] else ""


def _tells_no_address(record: logging.LogRecord) -> bool:
    """Leave out what the server says of each WebSocket: its path with the query."""
    return '"WebSocket %s"' not in str(record.msg)


def _pass_on(logger: logging.Logger) -> None:
    """Let the root logger write what this one wrote itself, or it would be written twice."""
    logger.handlers.clear()
    logger.propagate = True


def _silence(logger: logging.Logger) -> None:
    logger.handlers.clear()
    logger.propagate = False


def _log_retry(details: RetryDetails) -> None:
    """Say why and when something is tried again, which the library's own record leaves out."""
    logger.warning("Trying again in %.1f s: %s", details.wait_for, described(details.caused_by))

from typing import Final

from structlog.contextvars import merge_contextvars
from structlog.processors import EventRenamer, ExceptionRenderer, JSONRenderer, TimeStamper
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from chassis.environment import Service

ACCESS_LOG = "uvicorn.access"
_ACCESS_FIELDS = ("client", "method", "path", "http_version", "status")
# What each line begins with; what else there is follows.
_FIRST = ("timestamp", "level", "service", "logger", "message")

SHARED: Final[list[Processor]] = [
    merge_contextvars,
    add_logger_name,
    add_log_level,
    TimeStamper(fmt="iso", utc=True),
]
"""What is done to a record alike, wherever it comes from."""


def formatter(service: Service) -> ProcessorFormatter:
    """Make the formatter of a service."""
    about = {
        "service": service.name,
        "environment": service.environment,
        "version": service.version,
    }

    def add_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {**event, **about}

    return ProcessorFormatter(
        foreign_pre_chain=[*SHARED, ExtraAdder(), _tell_of_access],
        pass_foreign_args=True,
        processors=[
            add_service,
            ProcessorFormatter.remove_processors_meta,
            # Never with local variables: they hold what people sent.
            ExceptionRenderer(ExceptionDictTransformer(show_locals=False, max_frames=20)),
            EventRenamer("message"),
            _in_order,
            JSONRenderer(),
        ],
    )


def _tell_of_access(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Give a line of the access log its parts as fields."""
    arguments = event.pop("positional_args", None)
    event.pop("color_message", None)  # the server's, for terminals
    if event["logger"] == ACCESS_LOG and isinstance(arguments, tuple):
        event.update(zip(_ACCESS_FIELDS, arguments, strict=False))
    return event


def _in_order(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {**{name: event.pop(name) for name in _FIRST if name in event}, **event}

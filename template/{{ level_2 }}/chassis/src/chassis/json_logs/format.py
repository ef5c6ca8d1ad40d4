"""How a record becomes a line: for log collectors, or for people."""

import traceback
from typing import Any, Final, Literal

from structlog.contextvars import merge_contextvars
from structlog.dev import ConsoleRenderer
from structlog.processors import EventRenamer, ExceptionRenderer, JSONRenderer, TimeStamper
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from chassis import access_log
from chassis.environment import Service
from chassis.problems.telling import formatted, text_of, with_causes

type Style = Literal["json", "console"]

_MAX_FRAMES = 20
# What each line begins with; what else there is follows.
_FIRST = ("timestamp", "level", "service", "logger", "message")

SHARED: Final[list[Processor]] = [
    merge_contextvars,
    add_logger_name,
    add_log_level,
    TimeStamper(fmt="iso", utc=True),
]
"""What is done to a record alike, wherever it comes from."""


def formatter(service: Service, style: Style) -> ProcessorFormatter:
    """Make the formatter of a service."""
    return _console() if style == "console" else _json(service)


def _json(service: Service) -> ProcessorFormatter:
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
            ExceptionRenderer(_told),
            EventRenamer("message"),
            _in_order,
            JSONRenderer(),
        ],
    )


def _console() -> ProcessorFormatter:
    return ProcessorFormatter(
        foreign_pre_chain=[*SHARED, ExtraAdder(), _without_doubles],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            ExceptionRenderer(_traceback),
            ConsoleRenderer(colors=False, sort_keys=False, pad_event_to=0),
        ],
    )


def _told(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """Tell an error and what led to it, the error first; never with what people sent."""
    return [
        {"exc_type": type(error).__name__, "exc_value": text_of(error), "frames": _frames(error)}
        for error in reversed(with_causes(exc_info[1]))
    ]


def _frames(error: BaseException) -> list[dict[str, Any]]:
    return [
        {"filename": frame.filename, "lineno": frame.lineno, "name": frame.name}
        for frame in traceback.extract_tb(error.__traceback__)[-_MAX_FRAMES:]
    ]


def _traceback(exc_info: ExcInfo) -> str:
    return formatted(exc_info[1])


def _without_doubles(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Leave out what the text of the event says already: as the server or a formatter tells it."""
    return {
        name: value for name, value in event.items() if name not in {"color_message", "message"}
    }


def _tell_of_access(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Give a line of the access log its parts as fields."""
    arguments = event.pop("positional_args", None)
    event.pop("color_message", None)  # the server's, for terminals
    if event["logger"] == access_log.LOGGER and isinstance(arguments, tuple):
        event.update(zip(access_log.FIELDS, arguments, strict=False))
    return event


def _in_order(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {**{name: event.pop(name) for name in _FIRST if name in event}, **event}

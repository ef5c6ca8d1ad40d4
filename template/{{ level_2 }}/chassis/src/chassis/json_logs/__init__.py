"""JSON logs: each record is one JSON object on a line, as log collectors read them.

Every line names the service, its version and environment, and what is bound to the context, such
as the request id. Records of the standard library and of structlog come out alike. Where people
read along, `LOG_FORMAT=console` writes the same for them.
"""

import logging

import structlog
from pydantic_settings import BaseSettings

from chassis.environment import Service
from chassis.feature import Host, no_lifespan
from chassis.json_logs.format import SHARED, Style, formatter
from chassis.logs import HANDLER


class Settings(BaseSettings):
    """Settings of how the logs are written."""

    log_format: Style = "json"
    """`json` for log collectors, `console` for people."""


def install(host: Host, settings: Settings) -> None:
    """Write the logs of the whole process in this format."""
    configure(host.state.service, settings.log_format)


lifespan = no_lifespan


def configure(service: Service, style: Style = "json") -> None:
    """Change how the console is written; handlers that others put on the root logger stay."""
    for handler in logging.getLogger().handlers:
        if handler.get_name() == HANDLER:
            handler.setFormatter(formatter(service, style))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )

"""JSON logs: each record is one JSON object on a line, as log collectors read them.

Every line names the service, its version and environment, and what is bound to the context, such
as the request id. Records of the standard library and of structlog come out alike.
"""

import logging

import structlog

from chassis.environment import Service
from chassis.feature import Host, no_lifespan
from chassis.json_logs.format import SHARED, formatter
from chassis.logs import HANDLER


def install(host: Host, _settings: object) -> None:
    """Write the logs of the whole process as JSON."""
    configure(host.state.service)


lifespan = no_lifespan


def configure(service: Service) -> None:
    """Change how the console is written; handlers that others put on the root logger stay."""
    for handler in logging.getLogger().handlers:
        if handler.get_name() == HANDLER:
            handler.setFormatter(formatter(service))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )

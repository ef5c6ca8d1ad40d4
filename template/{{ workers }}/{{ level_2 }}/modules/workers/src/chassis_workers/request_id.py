"""Request id of a worker: that of the message, or a new one where it has none.

It is in every line that is logged while the message is handled, with the message's own id, and
goes along with the calls that are made for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from structlog.contextvars import bound_contextvars

from chassis.feature import no_lifespan
from chassis.request_id import HEADER, bound, headers
from chassis_rabbitmq.consuming.delivery import Delivery
from chassis_workers.process import Worker

__all__ = ["install", "lifespan"]


def install(worker: Worker, _settings: object) -> None:
    """Handle every message under its request id, and send that on with ``worker.state.http``."""
    worker.handling.scopes.append(under_its_id)
    worker.state.http.header_providers.append(headers)
    worker.state.http.neutral_headers.add(HEADER.lower())


lifespan = no_lifespan


@contextmanager
def under_its_id(delivery: Delivery) -> Iterator[None]:
    """Bind what the log lines of a message have in common."""
    given = delivery.headers.get(HEADER.lower())
    with (
        bound(given if isinstance(given, str) else None),
        bound_contextvars(
            task=delivery.task, message_id=delivery.message_id, attempt=delivery.attempt
        ),
    ):
        yield

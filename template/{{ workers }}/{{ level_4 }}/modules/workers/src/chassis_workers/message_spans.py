"""Tracing of a worker: handling a message is a part of the trace in which it was sent."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from opentelemetry.trace import SpanKind

from chassis.tracing import Settings, Tracing, begin, lifespan
from chassis_rabbitmq.consuming.delivery import Delivery
from chassis_workers.process import Worker

__all__ = ["install", "lifespan"]


def install(worker: Worker, settings: Settings) -> None:
    """Trace every message that is handled."""
    worker.handling.scopes.append(_spans(begin(worker, settings)))


def _spans(tracing: Tracing) -> Callable[[Delivery], AbstractContextManager[None]]:
    @contextmanager
    def traced(delivery: Delivery) -> Iterator[None]:
        attributes: dict[str, str | int] = {
            "messaging.system": "rabbitmq",
            "messaging.destination.name": delivery.task,
            "messaging.message.id": delivery.message_id,
            "messaging.attempt": delivery.attempt,
        }
        carried = {
            name: value for name, value in delivery.headers.items() if isinstance(value, str)
        }
        name = f"process {delivery.task}"
        with tracing.trace(SpanKind.CONSUMER, name, attributes, carried):
            yield

    return traced

"""A worker in memory, and what became of the messages that it was given."""

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from faststream import BaseMiddleware
from faststream.rabbit import RabbitBroker, TestRabbitBroker

from chassis.events import Event
from chassis_rabbitmq.topology import events_exchange
from chassis_workers.turn import Due, job_queue
from chassis_workers.worker import Worker


@dataclass(frozen=True)
class MemoryBroker:
    """Gives messages to a worker; each call returns when the worker is through with it."""

    worker: Worker
    broker: RabbitBroker
    settled: list[str] = field(default_factory=list)
    """What became of each message: ACKED, REQUEUED (it is tried again) or REJECTED (a dead letter).
    """

    async def publish(self, event: Event, **headers: str) -> None:
        """Tell of an event."""
        body = event.model_dump_json().encode()
        await self.publish_raw(body, event.routing_key(), str(event.id), **headers)

    async def publish_raw(
        self, body: bytes, routing_key: str, message_id: str, **headers: str
    ) -> None:
        """Publish any body among the events."""
        await self.broker.publish(
            body,
            exchange=events_exchange(self.worker.state.settings),
            routing_key=routing_key,
            message_id=message_id,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        await self.worker.handling.idle()

    async def due(self, job: str, moment: dt.datetime) -> None:
        """Say that a job is due."""
        await self.broker.publish(
            Due(due=moment), queue=job_queue(self.worker.title, job), message_id=moment.isoformat()
        )
        await self.worker.handling.idle()


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[MemoryBroker]:
    """Run a worker over an in-memory broker."""
    async with TestRabbitBroker(worker.broker) as broker, worker.lifespan():
        memory = MemoryBroker(worker, broker)
        broker.add_middleware(_noting(memory.settled))
        yield memory


def _noting(settled: list[str]) -> type[BaseMiddleware]:
    class Noting(BaseMiddleware):
        async def consume_scope(
            self,
            call_next: Callable[[Any], Awaitable[Any]],
            msg: Any,
        ) -> Any:
            async def ack() -> None:
                settled.append("ACKED")

            async def reject(*, requeue: bool) -> None:
                settled.append("REQUEUED" if requeue else "REJECTED")

            msg.ack, msg.reject = ack, reject
            return await call_next(msg)

    return Noting

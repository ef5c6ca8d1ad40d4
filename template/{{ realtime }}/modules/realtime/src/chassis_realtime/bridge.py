"""Bridge: events of RabbitMQ become entries of the logs, in the order in which they happened.

A feature of the worker. An event is confirmed to RabbitMQ when the logs have it: a worker that dies
before that gets it again, and what is in a log already is left out there. While Redis is away
the events wait in RabbitMQ, in their order.
"""

from uuid import UUID

from pydantic import BaseModel

from chassis.feature import no_lifespan
from chassis_rabbitmq.consuming.consumer import read
from chassis_rabbitmq.consuming.delivery import Delivery
from chassis_rabbitmq.consuming.failures import ServiceAway
from chassis_rabbitmq.consuming.limits import Limits
from chassis_rabbitmq.consuming.subscriptions import Subscriptions
from chassis_rabbitmq.rabbitmq_settings import Settings
from chassis_realtime.audiences import Audiences, declared_audiences, told_by_event
from chassis_realtime.log import Log
from chassis_redis.redis_client import AWAY, reason
from chassis_workers.process import Worker

QUEUE = "live"
IN_ORDER = Limits(concurrency=1, prefetch=1, retry_delay=0.5, retry_delay_max=5)


class Head(BaseModel):
    """What is read of an event; the clients get all of it."""

    id: UUID
    type: str
    version: int


def install(worker: Worker, settings: Settings) -> None:
    """Have the worker write the logs."""
    log = worker.state.live_log = Log(worker.state.redis, worker.state.settings)
    bridge = Bridge(log, declared_audiences())
    subscriptions = Subscriptions(worker.title, settings, IN_ORDER)
    subscriptions.handling.resemble(worker.handling)
    subscriptions.follow(QUEUE, bridge.handle)
    worker.beside.append(subscriptions)


lifespan = no_lifespan


class Bridge:
    """Tells the audiences of an event."""

    def __init__(self, log: Log, audiences: Audiences) -> None:
        self._log = log
        self._told = told_by_event(audiences)

    async def handle(self, delivery: Delivery) -> None:
        """Write an event to the logs of those who are told of it; raises ServiceAway."""
        head = read(Head, delivery.body)
        for audience in self._told.get(f"{head.type}.v{head.version}", ()):
            try:
                await self._log.append(audience, str(head.id), delivery.body.decode())
            except AWAY as error:
                raise ServiceAway(f"Redis: {reason(error)}") from error

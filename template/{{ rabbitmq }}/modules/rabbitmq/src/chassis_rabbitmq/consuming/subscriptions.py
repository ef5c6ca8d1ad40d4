"""The queues of a process, and who handles what comes from each."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress

import stamina
from aio_pika.exceptions import AMQPConnectionError
from faststream import AckPolicy
from faststream.rabbit import RabbitBroker, RabbitExchange, RabbitMessage, RabbitQueue
from faststream.rabbit.annotations import RabbitMessage as CurrentMessage

from chassis.events import Event
from chassis_rabbitmq import topology
from chassis_rabbitmq.broker import make_broker
from chassis_rabbitmq.consuming.consumer import Consumer
from chassis_rabbitmq.consuming.delivery import LOST, Delivery, as_it_was
from chassis_rabbitmq.consuming.handling import Handle, Handling
from chassis_rabbitmq.consuming.limits import Limits
from chassis_rabbitmq.rabbitmq_settings import Settings

logger = logging.getLogger(__name__)

_LONGEST_WAIT_S = 10

type Around = Callable[[str, str], AbstractContextManager[object]]
"""Entered around each attempt, with the name of the consumer and the id of what it handles."""


def _nothing(_consumer: str, _message: str) -> AbstractContextManager[object]:
    return nullcontext()


class Subscriptions:
    """What a process takes from RabbitMQ; its queues are named after it, so a name stays."""

    def __init__(
        self, name: str, settings: Settings, limits: Limits, around: Around = _nothing
    ) -> None:
        self.name = name
        self.broker: RabbitBroker = make_broker(settings, prefetch_count=limits.prefetch)
        self.handling = Handling(limits, self._put_at_end)
        self.queues: list[RabbitQueue] = []
        self._settings = settings
        self._around = around

    def consume[EventT: Event, HostT](self, consumer: Consumer[EventT, HostT], host: HostT) -> None:
        """Have the events of a version handled, from a queue of the consumer's own."""

        async def handle(delivery: Delivery) -> None:
            event = consumer.read(delivery.body)
            # Not of its queue: what was done for one version is not done for the other.
            with self._around(f"{self.name}.{consumer.name}", str(event.id)):
                await consumer.handle(event, host)

        name, key = f"{self.name}.{consumer.queue}", consumer.event.routing_key()
        queue = topology.queue(name, key, self._settings)
        self._subscribe(queue, handle, topology.events_exchange(self._settings))

    def follow(self, name: str, handle: Handle) -> None:
        """Have every event handled, whatever it is, from one queue that is read in order.

        In order as far as the limits are: one message at a time, and one in hand.
        """
        queue = topology.queue(f"{self.name}.{name}", "#", self._settings, in_order=True)
        self._subscribe(queue, handle, topology.events_exchange(self._settings))

    def take(self, name: str, handle: Handle) -> None:
        """Have handled what is put into the queue of this name, and nothing else."""

        async def under_its_id(delivery: Delivery) -> None:
            with self._around(delivery.task, delivery.message_id):
                await handle(delivery)

        self._subscribe(topology.queue(name, name, self._settings), under_its_id)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Handle messages, as soon as there is a RabbitMQ; raises TopologyError.

        What is in hand at the end is finished or given back.
        """
        try:
            await self._start()
            yield
        finally:
            await self._take_no_more()
            await self.handling.stop()
            await self.broker.stop()

    def _subscribe(
        self, queue: RabbitQueue, handle: Handle, exchange: RabbitExchange | None = None
    ) -> None:
        async def take(message: CurrentMessage) -> None:
            self.handling.take(queue.name, handle, message)

        if queue in self.queues:
            raise ValueError(f"{queue.name} is the queue of two tasks; rename one of them")
        self.queues.append(queue)
        subscriber = self.broker.subscriber(
            queue, exchange, ack_policy=AckPolicy.MANUAL, decoder=_undecoded, no_reply=True
        )
        subscriber(take)

    async def _start(self) -> None:
        async for attempt in stamina.retry_context(
            on=(AMQPConnectionError, OSError), attempts=None, timeout=None, wait_max=_LONGEST_WAIT_S
        ):
            with attempt:
                await self.broker.connect()
                await topology.declare(self.broker, self._settings, *self.queues)
                await self.broker.start()
        logger.info("%s handles: %s", self.name, ", ".join(queue.name for queue in self.queues))

    async def _take_no_more(self) -> None:
        """Have messages go elsewhere; else what is given back while this stops came here again."""
        with suppress(*LOST):
            async with asyncio.timeout(self._settings.rabbitmq_timeout):
                for subscriber in self.broker.subscribers:
                    await subscriber.stop()

    async def _put_at_end(self, queue: str, message: RabbitMessage) -> None:
        # Raises when it is closed: the message has gone back then, and must not be there twice.
        _ = message.raw_message.channel
        await self.broker.publish(
            as_it_was(message.raw_message), queue=queue, timeout=self._settings.rabbitmq_timeout
        )


async def _undecoded(message: RabbitMessage) -> bytes:
    """Leave the body as it is: a body that cannot be read is the consumer's to refuse."""
    return message.body

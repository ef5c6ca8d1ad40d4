"""How a worker is put together, and how it runs."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any

import stamina
from aio_pika.exceptions import AMQPConnectionError
from faststream import AckPolicy
from faststream.rabbit import RabbitBroker, RabbitExchange, RabbitMessage, RabbitQueue
from faststream.rabbit.annotations import RabbitMessage as CurrentMessage
from pydantic import BaseModel, ValidationError
from starlette.datastructures import State

from chassis_rabbitmq import topology
from chassis_rabbitmq.broker import make_broker
from chassis_workers.delivery import LOST, as_it_was
from chassis_workers.features import WORKER_FEATURES, WorkerSettings
from chassis_workers.handling import Handle, Handling
from chassis_workers.once import on_behalf_of
from chassis_workers.schedule import Schedule
from chassis_workers.tasks import Consumer, Job, Refused
from chassis_workers.turn import Due, job_queue, turn_of

logger = logging.getLogger(__name__)

_LONGEST_WAIT_S = 10


def build_worker(
    name: str,
    consumers: Iterable[Consumer[Any]],
    jobs: Iterable[Job],
    settings: WorkerSettings,
) -> "Worker":
    """Build a worker: the features, what it consumes, and what it does at set times.

    Its queues are named after it, so a name stays. The settings are at ``worker.state.settings``.
    """
    worker = Worker(name, settings)
    for consumer in consumers:
        worker.consume(consumer)
    for job in jobs:
        worker.schedule(job)
    for feature in WORKER_FEATURES:
        feature.install(worker, settings)
    return worker


class Worker:
    """A process that handles messages; features are installed in it as in a web application."""

    def __init__(self, name: str, settings: WorkerSettings) -> None:
        self.title = name
        self.version = "0.1.0"
        self.state = State()
        self.state.settings = settings
        self.broker: RabbitBroker = make_broker(settings, prefetch_count=settings.worker_prefetch)
        self.handling = Handling(settings, self._put_at_end)
        self._settings = settings
        self.queues: list[RabbitQueue] = []
        self._jobs: list[Job] = []

    def consume(self, consumer: Consumer[Any]) -> None:
        """Have the events of a version handled, from a queue of the consumer's own."""

        async def handle(body: bytes) -> None:
            event = _read(consumer.event, body)
            if "id" not in event.model_fields_set:  # it would be another one at each attempt
                raise Refused(f"not a {consumer.event.__name__}: id (missing)")
            # Not of its queue: what was written for one version is not written for the other.
            with on_behalf_of(f"{self.title}.{consumer.name}", str(event.id)):
                await consumer.handle(event, self)

        queue = topology.queue(
            f"{self.title}.{consumer.queue}", consumer.event.routing_key(), self._settings
        )
        self._subscribe(queue, handle, topology.events_exchange(self._settings))

    def schedule(self, job: Job) -> None:
        """Have a job run at its times."""

        async def handle(body: bytes) -> None:
            await job.handle(_read(Due, body).due, self)

        name = job_queue(self.title, job.name)
        self._subscribe(topology.queue(name, name, self._settings), handle)
        self._jobs.append(job)

    async def run(self) -> None:
        """Work until the process is told to end; what is in hand is finished or given back."""
        work = asyncio.create_task(self._work())
        _stop_on_signal(work)
        with suppress(asyncio.CancelledError):
            await work
        logger.info("%s has stopped", self.title)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Hold open what the features need."""
        async with AsyncExitStack() as stack:  # closes in reverse order
            for feature in WORKER_FEATURES:
                await stack.enter_async_context(feature.lifespan(self, self._settings))
            yield

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

    async def _work(self) -> None:
        async with self.lifespan():
            try:
                await self._start()
                take_turn = partial(turn_of, self.title, self._settings)
                await Schedule(self._jobs, take_turn).run()
            finally:
                await self._take_no_more()
                await self.handling.stop()
                await self.broker.stop()

    async def _start(self) -> None:
        """Begin to handle messages, as soon as there is a RabbitMQ; raises TopologyError."""
        async for attempt in stamina.retry_context(
            on=(AMQPConnectionError, OSError), attempts=None, timeout=None, wait_max=_LONGEST_WAIT_S
        ):
            with attempt:
                await self.broker.connect()
                await topology.declare(self.broker, self._settings, *self.queues)
                await self.broker.start()
        logger.info("%s handles: %s", self.title, ", ".join(queue.name for queue in self.queues))

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


def _read[ModelT: BaseModel](model: type[ModelT], body: bytes) -> ModelT:
    """Read a message; one that is something else will never be anything else."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        # Without what was sent, which does not belong in logs.
        faults = [f"{'.'.join(map(str, e['loc']))} ({e['type']})" for e in error.errors()]
        raise Refused(f"not a {model.__name__}: {', '.join(faults)}") from None


async def _undecoded(message: RabbitMessage) -> bytes:
    """Leave the body as it is: a body that cannot be read is the consumer's to refuse."""
    return message.body


def _stop_on_signal(work: asyncio.Task[None]) -> None:
    stopping = False

    def stop() -> None:
        nonlocal stopping
        if not stopping:  # the stopping itself, which is short, must not be interrupted
            stopping = True
            logger.info("Stopping")
            work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)

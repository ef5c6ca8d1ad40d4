"""A worker as a process: what its features and handlers see of it, and how it runs and stops."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress

from faststream.rabbit import RabbitBroker, RabbitQueue
from starlette.datastructures import State

from chassis_rabbitmq.consuming.handling import Handling
from chassis_rabbitmq.consuming.subscriptions import Subscriptions
from chassis_workers.once import on_behalf_of
from chassis_workers.settings import Settings

logger = logging.getLogger(__name__)


class Worker:
    """A process that handles messages; features are installed in it as in a web application.

    The settings are at ``worker.state.settings``.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        self.title = name
        self.version = "0.1.0"
        self.state = State()
        self.state.settings = settings
        self.subscriptions = Subscriptions(name, settings, settings.limits(), on_behalf_of)
        self.lifespans: list[Callable[[], AbstractAsyncContextManager[None]]] = []
        """Held open while it runs; the first one is opened first and closed last."""
        self.meanwhile: Callable[[], Awaitable[object]] = asyncio.Event().wait
        """What it does besides handling messages, until it is cancelled."""

    @property
    def broker(self) -> RabbitBroker:
        """The connection to RabbitMQ."""
        return self.subscriptions.broker

    @property
    def handling(self) -> Handling:
        """What messages are handled with; a feature adds its scope there."""
        return self.subscriptions.handling

    @property
    def queues(self) -> list[RabbitQueue]:
        """What it takes messages from."""
        return self.subscriptions.queues

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
            for opened in self.lifespans:
                await stack.enter_async_context(opened())
            yield

    async def _work(self) -> None:
        async with self.lifespan(), self.subscriptions.running():
            await self.meanwhile()


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

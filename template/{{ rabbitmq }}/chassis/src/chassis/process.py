"""A process that serves no HTTP: what its features see of it, and how it runs and stops."""

import asyncio
import logging
import signal
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress

from starlette.datastructures import State

logger = logging.getLogger(__name__)


class Process(ABC):
    """Features are installed in it as in a web application; a subclass says what it works at.

    The settings are at ``process.state.settings``.
    """

    def __init__(self, name: str, settings: object) -> None:
        self.title = name
        self.version = "0.1.0"
        self.state = State()
        self.state.settings = settings
        self.lifespans: list[Callable[[], AbstractAsyncContextManager[None]]] = []
        """Held open while it runs; the first one is opened first and closed last."""

    @abstractmethod
    async def work(self) -> None:
        """Work until cancelled; what is in hand then is finished or given back."""

    async def run(self) -> None:
        """Work until the process is told to end."""
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
        async with self.lifespan():
            await self.work()


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

"""Passes events on from the outbox to RabbitMQ."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from aio_pika.exceptions import AMQPError

from chassis.problems import Unavailable
from chassis_rabbitmq.outbox.delivery import Delivery, Sender
from chassis_rabbitmq.outbox.store import PassOn

POLL = 1.0
"""Seconds after which the relay looks for events of which nobody told it."""
COMMIT = 0.02
"""Seconds that a write gets to be committed after it told the relay."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
"""Seconds between attempts while something is away; each pause is twice the one before."""
OUTAGES = (AMQPError, OSError, Unavailable)  # OSError: time-outs, too

logger = logging.getLogger(__name__)


class Source(Protocol):
    """Where events wait."""

    async def is_empty(self) -> bool:
        """Tell whether nothing waits."""

    async def take(self, pass_on: PassOn) -> int:
        """Have the oldest events passed on and forget them; give how many there were to take."""


class Relay:
    """Passes on what waits, for as long as it runs, whatever is away meanwhile."""

    def __init__(self, source: Source, connect: Callable[[], Awaitable[Sender]]) -> None:
        self._source = source
        self._connect = connect
        self._sender: Sender | None = None
        self._woken = asyncio.Event()
        self._stopped = asyncio.Event()
        self._pause = 0.0

    def wake(self) -> None:
        """Tell that there is something to pass on, or will be in a moment."""
        self._woken.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Pass events on meanwhile; those that are on their way at the end get there first."""
        self._stopped.clear()
        running = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._stopped.set()
            self.wake()
            await running

    async def _run(self) -> None:
        try:
            await self._rest()
            while not self._stopped.is_set():
                await self._attempt()
                await self._rest()
        finally:
            await self._disconnect()

    async def _rest(self) -> None:
        if self._pause:
            await _until(self._stopped, self._pause)
        elif await _until(self._woken, POLL):
            await asyncio.sleep(COMMIT)
        self._woken.clear()

    async def _attempt(self) -> None:
        try:
            await self._pass_on()
        except Exception as error:  # noqa: BLE001  # a relay that ended would deliver nothing more
            await self._disconnect()
            self._failed(error)
        else:
            self._succeeded()

    async def _pass_on(self) -> None:
        """Pass on all that waits; raises what stands in the way."""
        if self._sender and self._sender.is_lost:
            await self._disconnect()
        while not self._stopped.is_set() and not await self._source.is_empty():
            self._sender = self._sender or await self._connect()
            delivery = Delivery(self._sender)
            taken = await self._source.take(delivery)
            if delivery.errors:
                raise delivery.errors[0]
            if not taken:  # another process passes them on
                return

    async def _disconnect(self) -> None:
        sender, self._sender = self._sender, None
        if sender is not None:
            await sender.close()

    def _failed(self, error: Exception) -> None:
        """Say once that events wait, and take a longer pause each time."""
        if not self._pause:
            unexpected = not isinstance(error, OUTAGES)
            reason = str(error) or type(error).__name__
            logger.warning("Events wait in the outbox: %s", reason, exc_info=unexpected)
        self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)

    def _succeeded(self) -> None:
        if self._pause:
            logger.info("Events are passed on again")
        self._pause = 0.0


async def _until(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event for some time; tell whether it came."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()

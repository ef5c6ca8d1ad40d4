"""Passes events on from the outbox to RabbitMQ."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from aio_pika.exceptions import AMQPError

from chassis.problems import Unavailable
from chassis_rabbitmq.outbox.delivery import Delivery, OneByOne, Sender
from chassis_rabbitmq.outbox.store import Backlog, PassOn

POLL = 1.0
"""Seconds after which the relay looks for events of which nobody told it."""
COMMIT = 0.02
"""Seconds that a write gets to be committed after it told the relay."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
"""Seconds between attempts while something is away; each pause is twice the one before."""
REMINDER = 60.0
"""Seconds after which it is said again that events wait, and how many."""
OUTAGES = (AMQPError, OSError, Unavailable)  # OSError: time-outs, too

logger = logging.getLogger(__name__)


class Source(Protocol):
    """Where events wait."""

    async def is_empty(self) -> bool:
        """Tell whether nothing waits."""

    async def take(self, pass_on: PassOn) -> int:
        """Have the oldest events passed on and forget them; give how many there were to take."""

    async def backlog(self) -> Backlog:
        """Tell how much there is to pass on."""


class Relay:
    """Passes on what waits, for as long as it runs, whatever is away meanwhile.

    An event that RabbitMQ refuses is put aside, so that the others go on.
    """

    def __init__(self, source: Source, connect: Callable[[], Awaitable[Sender]]) -> None:
        self._source = source
        self._connect = connect
        self._sender: Sender | None = None
        self._woken = asyncio.Event()
        self._stopped = asyncio.Event()
        self._pause = 0.0
        self._told_at = 0.0
        self._refused = False

    def wake(self) -> None:
        """Tell that there is something to pass on, or will be in a moment."""
        self._woken.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Pass events on meanwhile; those that are on their way at the end get there first."""
        # An application may run again, in another event loop.
        self._woken, self._stopped = asyncio.Event(), asyncio.Event()
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
            await self._failed(error)
        else:
            self._succeeded()

    async def _pass_on(self) -> None:
        """Pass on all that waits; raises what stands in the way."""
        if self._sender and self._sender.is_lost:
            await self._disconnect()
        while not self._stopped.is_set() and not await self._source.is_empty():
            self._sender = self._sender or await self._connect()
            send = self._send_one_by_one if self._refused else self._send
            if not await send(self._sender):  # another process passes them on
                return

    async def _send(self, sender: Sender) -> int:
        delivery = Delivery(sender)
        taken = await self._source.take(delivery)
        if delivery.is_refused:
            self._refused = True
            await self._disconnect()
        elif delivery.errors:
            raise delivery.errors[0]
        return taken

    async def _send_one_by_one(self, sender: Sender) -> int:
        """Find the event that is refused, and put it aside."""
        delivery = OneByOne(sender)
        taken = await self._source.take(delivery)
        if delivery.errors:
            raise delivery.errors[0]
        for one in delivery.refusals:
            logger.error("RabbitMQ refuses %s, which is put aside: %s", one.event, one.reason)
            await self._disconnect()
        self._refused = bool(delivery.refusals)
        return taken

    async def _disconnect(self) -> None:
        sender, self._sender = self._sender, None
        if sender is not None:
            await sender.close()

    async def _failed(self, error: Exception) -> None:
        """Say that events wait, from time to time how many, and take a longer pause each time."""
        reason, now = str(error) or type(error).__name__, time.monotonic()
        if not self._pause:
            unexpected = not isinstance(error, OUTAGES)
            logger.warning("Events wait in the outbox: %s", reason, exc_info=unexpected)
            self._told_at = now
        elif now >= self._told_at + REMINDER:
            logger.warning("Events wait in the outbox%s: %s", await self._how_many(), reason)
            self._told_at = now
        self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)

    async def _how_many(self) -> str:
        with suppress(Unavailable):
            backlog = await self._source.backlog()
            return f", {backlog.waiting} of them, the oldest for {backlog.oldest_s:.0f} s"
        return ""

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

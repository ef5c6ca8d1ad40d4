"""What becomes of a message: done, tried again, or a dead letter."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

from faststream.rabbit import RabbitMessage

from chassis.problems import ProblemError
from chassis_workers.delivery import LOST, Delivery, Scope, delivery_of
from chassis_workers.once import ServiceAway, on_behalf_of
from chassis_workers.settings import Settings
from chassis_workers.tasks import Refused

logger = logging.getLogger(__name__)

type Handle = Callable[[bytes], Awaitable[None]]
"""Handles the body of a message; raises when it could not."""


class Handling:
    """Handles messages, as many at a time as the settings say.

    A message that waits for another try is in nobody's way: it takes no place meanwhile.
    """

    def __init__(self, settings: Settings, attempts: int) -> None:
        self.scopes: list[Scope] = []
        """Entered, in this order, around the handling of each message."""
        self._settings = settings
        self._attempts = attempts
        self._places = asyncio.Semaphore(settings.worker_concurrency)
        self._stopping = asyncio.Event()
        self._in_hand: set[asyncio.Task[None]] = set()

    def take(self, task: str, handle: Handle, message: RabbitMessage) -> None:
        """Begin to handle a message; RabbitMQ is told what became of it when that is known.

        While the worker stops nothing is begun: the message goes back when the connection closes.
        """
        if not self._stopping.is_set():
            # Not in the task of the connection, which ends when that is lost.
            work = asyncio.create_task(self._take(delivery_of(task, message), handle, message))
            self._in_hand.add(work)
            work.add_done_callback(self._in_hand.discard)

    async def idle(self) -> None:
        """Wait until nothing is in hand."""
        while self._in_hand:
            await asyncio.wait(self._in_hand)

    async def stop(self) -> None:
        """Let what is being done be finished in time, and give back all else."""
        self._stopping.set()
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=self._settings.worker_stop_timeout)
        late = set(self._in_hand)
        for work in late:
            work.cancel()
        if late:
            logger.warning("Stopped in the middle of %d messages, which go back", len(late))
            await asyncio.wait(late)

    async def _take(self, delivery: Delivery, handle: Handle, message: RabbitMessage) -> None:
        with ExitStack() as scopes:
            for scope in self.scopes:
                scopes.enter_context(scope(delivery))
            try:
                await self._settle(delivery, handle, message)
            except LOST as error:
                # It is handed out again, to whoever is there then.
                logger.warning("%s: the connection is lost: %r", _name(delivery), error)

    async def _settle(self, delivery: Delivery, handle: Handle, message: RabbitMessage) -> None:
        try:
            done = await self._done(delivery, handle, message.body)
        except Refused as error:
            logger.error("%s is refused, a dead letter: %s", _name(delivery), error)  # noqa: TRY400
            await message.reject(requeue=False)
        except Exception as error:  # noqa: BLE001  # whatever it is, it must not block others
            await self._fail(delivery, error, message)
        else:
            await (message.ack() if done else message.nack(requeue=True))

    async def _done(self, delivery: Delivery, handle: Handle, body: bytes) -> bool:
        """Handle a message, through outages of services that it needs; say whether it is done."""
        give_up = time.monotonic() + self._settings.worker_outage_patience
        failures = 0
        while True:
            try:
                async with self._places:
                    started = time.monotonic()
                    with on_behalf_of(delivery.task, delivery.message_id):
                        await handle(body)
            except ServiceAway as error:
                if time.monotonic() >= give_up:
                    raise
                failures += 1
                logger.warning("%s waits: %s", _name(delivery), error)
                if await self._stops_within(self._delay(failures)):
                    return False
            else:
                milliseconds = (time.monotonic() - started) * 1000
                logger.info("%s is done in %.0f ms", _name(delivery), milliseconds)
                return True

    async def _fail(self, delivery: Delivery, error: Exception, message: RabbitMessage) -> None:
        # An expected error says all in one line.
        trace = None if isinstance(error, ProblemError) else error
        if delivery.attempt >= self._attempts:
            text = "%s failed for the last time of %d, a dead letter: %s"
            logger.error(text, _name(delivery), self._attempts, error, exc_info=trace)
            await message.reject(requeue=False)
            return
        delay = self._delay(delivery.attempt)
        text = "%s failed for the %d. time of %d, again in %.1f s: %s"
        given = (_name(delivery), delivery.attempt, self._attempts, delay, error)
        logger.warning(text, *given, exc_info=trace)
        await self._stops_within(delay)
        await message.nack(requeue=True)

    def _delay(self, failures: int) -> float:
        # The exponent is bounded: so many doublings are beyond every maximum.
        delay = self._settings.worker_retry_delay * 2.0 ** min(failures - 1, 30)
        return min(delay, self._settings.worker_retry_delay_max)

    async def _stops_within(self, seconds: float) -> bool:
        """Wait, unless the worker stops."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return False
        return True


def _name(delivery: Delivery) -> str:
    return f"{delivery.task} {delivery.message_id}"

"""What becomes of a message: done, tried again, or a dead letter."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from enum import Enum, auto

from faststream.rabbit import RabbitMessage

from chassis.problems import ProblemError
from chassis_rabbitmq.consuming.delivery import LOST, Delivery, Scope, delivery_of
from chassis_rabbitmq.consuming.failures import Refused, ServiceAway, ServiceBusy
from chassis_rabbitmq.consuming.limits import Limits

logger = logging.getLogger(__name__)

type Handle = Callable[[Delivery], Awaitable[None]]
"""Handles a message; raises when it could not."""

type PutAtEnd = Callable[[str, RabbitMessage], Awaitable[None]]
"""Puts a copy of a message, as it was published, at the end of the queue that is named."""

_NO_ID = "it has no message_id, without which a repetition cannot be told from a new message"


class _Outcome(Enum):
    """What has become of a message that did not fail."""

    DONE = auto()
    GIVEN_BACK = auto()
    PUT_OFF = auto()


class Handling:
    """Handles messages, as many at a time as the limits say.

    A message that waits for another try is in nobody's way: it takes no place meanwhile.
    """

    def __init__(self, limits: Limits, put_at_end: PutAtEnd) -> None:
        self.scopes: list[Scope] = []
        """Entered, in this order, around the handling of each message."""
        self._limits = limits
        self._put_at_end = put_at_end
        self._places = asyncio.Semaphore(limits.concurrency)
        self._stopping = asyncio.Event()
        self._in_hand: set[asyncio.Task[None]] = set()

    def take(self, task: str, handle: Handle, message: RabbitMessage) -> None:
        """Begin to handle a message; RabbitMQ is told what became of it when that is known.

        While the process stops nothing is begun: a message that still comes then goes back when the
        connection closes.
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
        for _ in self._in_hand:  # who waits for a place need not: nothing is begun any more
            self._places.release()
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=self._limits.stop_timeout)
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
            outcome = await self._handle(delivery, handle)
        except Refused as error:
            logger.error("%s is refused, a dead letter: %s", _name(delivery), error)  # noqa: TRY400
            await message.reject(requeue=False)
        except Exception as error:  # noqa: BLE001  # whatever it is, it must not block others
            await self._fail(delivery, error, message)
        else:
            match outcome:
                case _Outcome.DONE:
                    await message.ack()
                case _Outcome.GIVEN_BACK:
                    await message.nack(requeue=True)
                case _Outcome.PUT_OFF:
                    # To give it back would cost an attempt before RabbitMQ 4.3.
                    await self._put_at_end(delivery.task, message)
                    await message.ack()

    async def _handle(self, delivery: Delivery, handle: Handle) -> _Outcome:
        """Handle a message, through outages of services that it needs."""
        if not delivery.message_id:
            raise Refused(_NO_ID)
        held_until = time.monotonic() + self._limits.hold_time
        failures = 0
        while True:
            try:
                async with self._places:
                    if self._stopping.is_set():
                        return _Outcome.GIVEN_BACK
                    started = time.monotonic()
                    await handle(delivery)
            except ServiceAway as error:
                if time.monotonic() >= held_until:
                    logger.warning("%s waits at the end of its queue: %s", _name(delivery), error)
                    return _Outcome.PUT_OFF
                failures += 1
                logger.warning("%s waits: %s", _name(delivery), error)
                busy = isinstance(error, ServiceBusy)
                await self._wait(
                    self._limits.retry_delay_max if busy else self._limits.delay(failures)
                )
            else:
                milliseconds = (time.monotonic() - started) * 1000
                logger.info("%s is done in %.0f ms", _name(delivery), milliseconds)
                return _Outcome.DONE

    async def _fail(self, delivery: Delivery, error: Exception, message: RabbitMessage) -> None:
        # An expected error says all in one line.
        trace = None if isinstance(error, ProblemError) else error
        attempts = self._limits.attempts
        if delivery.attempt >= attempts:
            text = "%s failed for the last time of %d, a dead letter: %s"
            logger.error(text, _name(delivery), attempts, error, exc_info=trace)
            await message.reject(requeue=False)
            return
        delay = self._limits.delay(delivery.attempt)
        text = "%s failed for the %d. time of %d, again in %.1f s: %s"
        given = (_name(delivery), delivery.attempt, attempts, delay, error)
        logger.warning(text, *given, exc_info=trace)
        await self._wait(delay)
        # Not nack: from RabbitMQ 4.3 on only what is rejected counts as an attempt.
        await message.reject(requeue=True)

    async def _wait(self, seconds: float) -> None:
        """Wait, unless the process stops."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


def _name(delivery: Delivery) -> str:
    return f"{delivery.task} {delivery.message_id or '(no id)'}"

"""What becomes of a message: done, tried again, or a dead letter."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
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

type Observer = Callable[[Delivery, Outcome], None]
"""Is told what became of a message."""

_NO_ID = "it has no message_id, without which a repetition cannot be told from a new message"


class Outcome(Enum):
    """What has become of a message."""

    DONE = auto()
    GIVEN_BACK = auto()
    PUT_OFF = auto()
    FAILED = auto()
    """It is tried again."""
    DEAD = auto()
    """It was tried for the last time, or refused: it is a dead letter."""


class Handling:
    """Handles messages, as many at a time as the limits say.

    A message that waits for another try is in nobody's way: it takes no place meanwhile.
    """

    def __init__(self, limits: Limits, put_at_end: PutAtEnd) -> None:
        self.scopes: list[Scope] = []
        """Entered, in this order, around the handling of each message."""
        self.attempt_scopes: list[Scope] = []
        """Entered around each attempt: without the time that a message waits for its turn."""
        self.observers: list[Observer] = []
        """Told of each message when RabbitMQ knows what became of it."""
        self._limits = limits
        self._put_at_end = put_at_end
        self._places = asyncio.Semaphore(limits.concurrency)
        self._stopping = asyncio.Event()
        self._in_hand: set[asyncio.Task[None]] = set()

    def resemble(self, other: "Handling") -> None:
        """Have the same scopes and observers as another one, those that it will get, too."""
        self.scopes, self.attempt_scopes = other.scopes, other.attempt_scopes
        self.observers = other.observers

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
        with _entered(self.scopes, delivery):
            try:
                await self._settle(delivery, handle, message)
            except LOST as error:
                # It is handed out again, to whoever is there then.
                logger.warning("%s: the connection is lost: %r", _name(delivery), error)

    async def _settle(self, delivery: Delivery, handle: Handle, message: RabbitMessage) -> None:
        outcome = await self._outcome(delivery, handle, message)
        for observer in self.observers:
            observer(delivery, outcome)

    async def _outcome(self, delivery: Delivery, handle: Handle, message: RabbitMessage) -> Outcome:
        """Handle a message, and tell RabbitMQ what became of it."""
        try:
            outcome = await self._handle(delivery, handle)
        except Refused as error:
            logger.error("%s is refused, a dead letter: %s", _name(delivery), error)  # noqa: TRY400
            await message.reject(requeue=False)
            return Outcome.DEAD
        except Exception as error:  # noqa: BLE001  # whatever it is, it must not block others
            return await self._fail(delivery, error, message)
        else:
            match outcome:
                case Outcome.DONE:
                    await message.ack()
                case Outcome.GIVEN_BACK:
                    await message.nack(requeue=True)
                case Outcome.PUT_OFF:
                    # To give it back would cost an attempt before RabbitMQ 4.3.
                    await self._put_at_end(delivery.task, message)
                    await message.ack()
            return outcome

    async def _handle(self, delivery: Delivery, handle: Handle) -> Outcome:
        """Handle a message, through outages of services that it needs."""
        if not delivery.message_id:
            raise Refused(_NO_ID)
        held_until = time.monotonic() + self._limits.hold_time
        failures = 0
        while True:
            try:
                async with self._places:
                    if self._stopping.is_set():
                        return Outcome.GIVEN_BACK
                    started = time.monotonic()
                    with _entered(self.attempt_scopes, delivery):
                        await handle(delivery)
            except ServiceAway as error:
                if time.monotonic() >= held_until:
                    logger.warning("%s waits at the end of its queue: %s", _name(delivery), error)
                    return Outcome.PUT_OFF
                failures += 1
                logger.warning("%s waits: %s", _name(delivery), error)
                busy = isinstance(error, ServiceBusy)
                await self._wait(
                    self._limits.retry_delay_max if busy else self._limits.delay(failures)
                )
            else:
                milliseconds = (time.monotonic() - started) * 1000
                logger.info("%s is done in %.0f ms", _name(delivery), milliseconds)
                return Outcome.DONE

    async def _fail(self, delivery: Delivery, error: Exception, message: RabbitMessage) -> Outcome:
        # An expected error says all in one line.
        trace = None if isinstance(error, ProblemError) else error
        attempts = self._limits.attempts
        if delivery.attempt >= attempts:
            text = "%s failed for the last time of %d, a dead letter: %s"
            logger.error(text, _name(delivery), attempts, error, exc_info=trace)
            await message.reject(requeue=False)
            return Outcome.DEAD
        delay = self._limits.delay(delivery.attempt)
        text = "%s failed for the %d. time of %d, again in %.1f s: %s"
        given = (_name(delivery), delivery.attempt, attempts, delay, error)
        logger.warning(text, *given, exc_info=trace)
        await self._wait(delay)
        # Not nack: from RabbitMQ 4.3 on only what is rejected counts as an attempt.
        await message.reject(requeue=True)
        return Outcome.FAILED

    async def _wait(self, seconds: float) -> None:
        """Wait, unless the process stops."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


@contextmanager
def _entered(scopes: Iterable[Scope], delivery: Delivery) -> Iterator[None]:
    with ExitStack() as stack:
        for scope in scopes:
            stack.enter_context(scope(delivery))
        yield


def _name(delivery: Delivery) -> str:
    return f"{delivery.task} {delivery.message_id or '(no id)'}"

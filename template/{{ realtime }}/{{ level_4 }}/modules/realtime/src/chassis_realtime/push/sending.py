"""Pushes that are due are sent, many at a time; each is settled, or tried again later, for itself.

The wait before the next try is as long as it has been tried already, so it doubles each time.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from uuid import UUID

from chassis.problems import ProblemError
from chassis_realtime.devices import Kind
from chassis_realtime.kept_devices import KeptDevices
from chassis_realtime.push.passing import LEFT_ALONE, Passing
from chassis_realtime.push.providers import Answer, Notice, Outcome
from chassis_realtime.push.settings import PushSettings
from chassis_realtime.push.spreading import Now, utc_now
from chassis_realtime.push.waiting import Push, Waiting
from chassis_redis.redis_client import AWAY, reason

SHORTEST_WAIT_S = 1.0
AGAIN = frozenset({Outcome.AWAY, Outcome.LATER})

logger = logging.getLogger(__name__)

type Observer = Callable[[Kind, Outcome], None]


class Sending:
    """Sends what is due, as far as there are places."""

    def __init__(
        self,
        waiting: Waiting,
        devices: KeptDevices,
        passing: Passing,
        settings: PushSettings,
        now: Now = utc_now,
    ) -> None:
        self.observers: list[Observer] = []
        """Told what each try has come to."""
        self.waiting = waiting
        self._devices = devices
        self._passing = passing
        self._settings = settings
        self._now = now
        self._under_way: set[asyncio.Task[None]] = set()
        self._said = set[str]()

    async def __call__(self) -> int:
        """Begin what is due; say how much that was. Redis that is away is told in the log."""
        free = self._settings.push_concurrency - len(self._under_way)
        if not free:
            return 1  # there may be more
        self._said.clear()
        try:
            taken = await self.waiting.take(free, self._now().timestamp())
        except AWAY as error:
            logger.warning("Pushes wait: Redis: %s", reason(error))
            return 0
        for push in taken:
            task = asyncio.create_task(self._try(push))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return len(taken)

    async def finish(self, seconds: float) -> None:
        """Wait for what is under way; what is not done by then is tried again by somebody."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _try(self, push: Push) -> None:
        try:
            await self._settle(push)
        except AWAY as error:
            self._say(f"Redis: {reason(error)}")
        except ProblemError as error:
            self._say(error.detail)
        except Exception:
            logger.exception("A push waits")

    def _say(self, hindrance: str) -> None:
        """Log what many pushes wait for, once a round."""
        if hindrance not in self._said:
            self._said.add(hindrance)
            logger.warning("Pushes wait: %s", hindrance)

    async def _settle(self, push: Push) -> None:
        answer = await self._answer(push)
        if answer:
            for observe in self.observers:
                observe(push.kind, answer.outcome)
        if answer and answer.outcome in AGAIN:
            await self.waiting.put_off(push, self._now().timestamp() + answer.after)
        else:
            await self.waiting.settle(push)

    async def _answer(self, push: Push) -> Answer | None:
        """Say what a try has come to; None where nobody wants the push any more."""
        if not self._passing.reaches(push.kind):
            return None
        notice = await self.waiting.notice(push)
        age = (self._now() - notice.happened_at).total_seconds() if notice else 0
        left = int(self._settings.push_life - age)
        if notice is None or left <= 0:
            return Answer(Outcome.EXPIRED)
        answer = await self._passed(push, notice, left)
        if answer is None or answer.outcome not in AGAIN:
            return answer
        doubled = min(max(age, SHORTEST_WAIT_S), self._settings.push_retry_max)
        return Answer(answer.outcome, max(answer.after, doubled), answer.reason)

    async def _passed(self, push: Push, notice: Notice, left: int) -> Answer | None:
        if self._passing.leaves_alone(push.kind):  # then the data service is not asked, either
            return LEFT_ALONE
        device = await self._devices.due(push.device)
        if device is None:
            await self._forget(push.device, self._devices.forget_ended(push.device))
            return None
        answer = await self._passing(device, notice, left)
        if answer.outcome is Outcome.GONE:
            logger.info("Device %s is gone: %s", device.id, answer.reason)
            await self._forget(device.id, self._devices.end(device.id, device.account))
        elif answer.outcome is Outcome.REFUSED:
            logger.warning("A push to device %s is refused: %s", device.id, answer.reason)
        return answer

    async def _forget(self, device: UUID, forgetting: Awaitable[None]) -> None:
        try:
            await forgetting
        except ProblemError as error:  # at the next push it is gone once more
            logger.info("Device %s is not forgotten yet: %s", device, error.detail)

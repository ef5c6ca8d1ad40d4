"""Jobs at set times: when one is due, a message says so, and is handled as all messages are."""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from aiormq.exceptions import ChannelLockedResource

from chassis_rabbitmq.consuming.delivery import LOST
from chassis_workers.tasks import Job

logger = logging.getLogger(__name__)

CATCH_UP = dt.timedelta(minutes=10)
"""What came due while no instance kept the time is published late, but no later than that."""

_LONGEST_SLEEP_S = 30
NEXT_TRY_S = 5.0
"""After so long an instance asks again whether nobody else keeps the time."""


class Turn(Protocol):
    """The turn to keep the time; whatever it is asked raises when it is lost."""

    async def published_until(self, job: str) -> dt.datetime | None:
        """Give the time up to which all that was due is published; None for a new job."""

    async def begin(self, job: str, moment: dt.datetime) -> None:
        """Keep that all is published up to a time."""

    async def publish(self, job: str, due: dt.datetime) -> None:
        """Say that a job is due, and keep that this is said."""

    async def lasts(self, seconds: float) -> None:
        """Wait so long."""


class Schedule:
    """Publishes what is due, while this instance has the turn to keep the time."""

    def __init__(
        self, jobs: Sequence[Job], take_turn: Callable[[], AbstractAsyncContextManager[Turn]]
    ) -> None:
        self._jobs = jobs
        self._take_turn = take_turn

    async def run(self) -> None:
        """Keep the time whenever no other instance does, until cancelled."""
        while True:
            try:
                async with self._take_turn() as turn:
                    await self._keep_time(turn)
            except ChannelLockedResource:
                logger.debug("Another instance keeps the time")
            except LOST as error:
                logger.warning("The schedule has no RabbitMQ: %r", error)
            await asyncio.sleep(NEXT_TRY_S)

    async def _keep_time(self, turn: Turn) -> None:
        logger.info("This instance keeps the time of %d jobs", len(self._jobs))
        upcoming = {job: await _first(turn, job) for job in self._jobs}
        while True:
            job = min(upcoming, key=upcoming.__getitem__)
            due = upcoming[job]
            # In short spells, for the clock may be set meanwhile.
            while (left := (due - _now()).total_seconds()) > 0:
                await turn.lasts(min(left, _LONGEST_SLEEP_S))
            await turn.publish(job.name, due)
            upcoming[job] = _next(job, due)


async def _first(turn: Turn, job: Job) -> dt.datetime:
    """Give the first time that was not published in the turns before."""
    published = await turn.published_until(job.name)
    if published is None:
        published = _now()
        await turn.begin(job.name, published)
    return _next(job, published)


def _next(job: Job, published: dt.datetime) -> dt.datetime:
    earliest, latest = _now() - CATCH_UP, _now() + CATCH_UP
    # What was published while the clock was far ahead must not silence the job for so long.
    due = job.next_after(min(published, latest))
    if due >= earliest:
        return due
    logger.warning("%s: nobody kept the time when it was due, since %s", job.name, due)
    return job.next_after(earliest)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)

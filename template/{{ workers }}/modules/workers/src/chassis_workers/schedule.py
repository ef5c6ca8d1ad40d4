"""Jobs at set times: when one is due, a message says so, and is handled as all messages are.

Of all instances of a worker one keeps the time: the one that has the worker's exclusive queue,
which RabbitMQ gives to the next one as soon as that one's connection ends.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Sequence

import aio_pika
from aiormq.exceptions import ChannelLockedResource
from faststream.rabbit import RabbitBroker
from pydantic import AwareDatetime, BaseModel

from chassis_rabbitmq.broker import address
from chassis_rabbitmq.rabbitmq_settings import Settings
from chassis_workers.delivery import LOST
from chassis_workers.tasks import Job

logger = logging.getLogger(__name__)

_LONGEST_SLEEP_S = 30
_NEXT_TRY_S = 5


class Due(BaseModel):
    """A job is due."""

    due: AwareDatetime


def job_queue(worker: str, job: str) -> str:
    """Name the queue of a job."""
    return f"{worker}.{job}"


class Schedule:
    """Publishes what is due, while this instance is the one that keeps the time."""

    def __init__(
        self, worker: str, jobs: Sequence[Job], broker: RabbitBroker, settings: Settings
    ) -> None:
        self._worker = worker
        self._jobs = jobs
        self._broker = broker
        self._settings = settings

    async def run(self) -> None:
        """Keep the time whenever no other instance does, until cancelled."""
        if not self._jobs:
            await asyncio.Event().wait()
        while True:
            try:
                await self._keep_time()
            except ChannelLockedResource:
                logger.debug("Another instance keeps the time")
            except LOST as error:
                logger.warning("The schedule has no RabbitMQ: %r", error)
            await asyncio.sleep(_NEXT_TRY_S)

    async def _keep_time(self) -> None:
        # A connection of its own, which does not come back by itself: who loses it loses the turn.
        timeout = self._settings.rabbitmq_timeout
        connection = await aio_pika.connect(address(self._settings), timeout=timeout)
        async with connection:
            channel = await connection.channel()
            name = f"{self._worker}.schedule"
            await channel.declare_queue(name, exclusive=True, timeout=timeout)
            logger.info("This instance keeps the time of %d jobs", len(self._jobs))
            async with asyncio.TaskGroup() as group:
                keeping = [group.create_task(self._keep(job)) for job in self._jobs]
                await connection.closed()
                for one in keeping:
                    one.cancel()

    async def _keep(self, job: Job) -> None:
        while True:
            due = job.next_after(dt.datetime.now(dt.UTC))
            await _sleep_until(due)
            await self._publish(job, due)

    async def _publish(self, job: Job, due: dt.datetime) -> None:
        """Say that a job is due, once more where it is not confirmed."""
        while True:
            try:
                await self._broker.publish(
                    Due(due=due),
                    queue=job_queue(self._worker, job.name),
                    message_id=f"{due:%Y-%m-%dT%H:%M:%SZ}",
                    persist=True,
                    timeout=self._settings.rabbitmq_timeout,
                )
            except LOST as error:
                logger.warning("%s is due and RabbitMQ is away: %r", job.name, error)
                await asyncio.sleep(_NEXT_TRY_S)
            else:
                return


async def _sleep_until(moment: dt.datetime) -> None:
    """Sleep in short spells, for the clock may be set meanwhile."""
    while (left := (moment - dt.datetime.now(dt.UTC)).total_seconds()) > 0:  # noqa: ASYNC110
        await asyncio.sleep(min(left, _LONGEST_SLEEP_S))

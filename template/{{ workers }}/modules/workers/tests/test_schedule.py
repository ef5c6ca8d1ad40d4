"""Jobs that are due, without a RabbitMQ."""

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from aio_pika.exceptions import AMQPConnectionError
from aiormq.exceptions import ChannelLockedResource

from chassis_rabbitmq.rabbitmq_settings import Settings
from chassis_workers import schedule
from chassis_workers.schedule import CATCH_UP, Schedule
from chassis_workers.tasks import Job
from chassis_workers.turn import turn_of

NOWHERE = Settings(rabbitmq_url="amqp://127.0.0.1:1/", rabbitmq_timeout=0.5)
NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
MINUTE = dt.timedelta(minutes=1)


async def nothing(_due: dt.datetime, _worker: Any) -> None:
    pass


EVERY_MINUTE = Job("water", "* * * * *", nothing)
EVERY_DAY = Job("dig", "30 12 * * *", nothing)


class Time:
    """A clock, and a RabbitMQ that keeps what is published in the turns."""

    def __init__(self) -> None:
        self.now = NOON
        self.end = NOON
        """When the clock stops, and the turn with it."""
        self.published: list[tuple[str, dt.datetime]] = []
        self.last: dict[str, dt.datetime] = {}
        self.failures: list[Exception] = []
        """What becomes of the next turns."""
        self.unconfirmed: list[Exception] = []
        """What becomes of what is published next."""
        self.turns = 0

    @asynccontextmanager
    async def take_turn(self) -> AsyncIterator["Time"]:
        self.turns += 1
        if self.failures:
            raise self.failures.pop(0)
        yield self

    async def published_until(self, job: str) -> dt.datetime | None:
        return self.last.get(job)

    async def begin(self, job: str, moment: dt.datetime) -> None:
        self.last[job] = moment

    async def publish(self, job: str, due: dt.datetime) -> None:
        if self.unconfirmed:
            raise self.unconfirmed.pop()
        self.published.append((job, due))
        self.last[job] = due

    async def lasts(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)
        if self.now > self.end:
            await asyncio.sleep(60)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(schedule, "NEXT_TRY_S", 0)
    monkeypatch.setattr(schedule, "_now", lambda: time.now)
    return time


async def keep(time: Time, *jobs: Job, until: dt.datetime) -> list[tuple[str, dt.datetime]]:
    """Keep the time until a moment; give what was published up to then."""
    time.end = until
    running = asyncio.create_task(Schedule(jobs, time.take_turn).run())
    await reached(lambda: time.now > until)
    running.cancel()
    return time.published


async def reached(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_what_is_due_is_published_at_its_time(time: Time) -> None:
    published = await keep(time, EVERY_MINUTE, until=NOON + 2.5 * MINUTE)

    assert published == [("water", NOON + MINUTE), ("water", NOON + 2 * MINUTE)]


async def test_each_job_has_its_times(time: Time) -> None:
    hourly = Job("weed", "0 * * * *", nothing)

    published = await keep(time, EVERY_DAY, hourly, until=NOON + 61 * MINUTE)

    assert published == [("dig", NOON + 30 * MINUTE), ("weed", NOON + 60 * MINUTE)]


async def test_what_came_due_between_two_turns_is_published_in_the_second(time: Time) -> None:
    await keep(time, EVERY_MINUTE, until=NOON + 1.5 * MINUTE)
    time.now = NOON + 4.5 * MINUTE

    published = await keep(time, EVERY_MINUTE, until=NOON + 5.5 * MINUTE)

    assert [due for _, due in published] == [NOON + number * MINUTE for number in range(1, 6)]


async def test_a_job_that_is_not_due_for_long_is_remembered(time: Time) -> None:
    await keep(time, EVERY_DAY, until=NOON + 29 * MINUTE)
    time.now = NOON + 31 * MINUTE

    assert await keep(time, EVERY_DAY, until=NOON + 32 * MINUTE) == [("dig", NOON + 30 * MINUTE)]


async def test_what_came_due_too_long_ago_is_left_out_and_told(
    time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        await keep(time, EVERY_MINUTE, until=NOON + 1.5 * MINUTE)
        time.now = back = NOON + 60.5 * MINUTE
        published = await keep(time, EVERY_MINUTE, until=back + SECOND)

    late = [due for _, due in published[1:]]
    assert late == [NOON + number * MINUTE for number in range(51, 61)]
    assert late[0] > back - CATCH_UP
    told = "water: nobody kept the time when it was due, since 2026-01-31 12:02:00+00:00"
    assert caplog.messages == [told]


async def test_a_clock_that_is_put_back_makes_nothing_happen_again(time: Time) -> None:
    await keep(time, EVERY_MINUTE, until=NOON + 2.5 * MINUTE)
    time.now = NOON

    published = await keep(time, EVERY_MINUTE, until=NOON + 3.5 * MINUTE)

    assert [due for _, due in published] == [NOON + number * MINUTE for number in range(1, 4)]


async def test_a_clock_that_was_far_ahead_does_not_silence_a_job(time: Time) -> None:
    time.last = {"water": NOON + dt.timedelta(days=365)}

    published = await keep(time, EVERY_MINUTE, until=NOON + 12.5 * MINUTE)

    assert published == [("water", NOON + 11 * MINUTE), ("water", NOON + 12 * MINUTE)]


async def test_what_could_not_be_published_is_published_in_the_next_turn(
    time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    await keep(time, EVERY_MINUTE, until=NOON + 0.5 * MINUTE)
    time.unconfirmed = [TimeoutError()]
    running = asyncio.create_task(keep(time, EVERY_MINUTE, until=NOON + 1.75 * MINUTE))
    await reached(lambda: not time.unconfirmed)
    time.failures = [AMQPConnectionError(), ChannelLockedResource()]

    assert await running == [("water", NOON + MINUTE)]
    assert time.turns == 5
    assert caplog.text.count("The schedule has no RabbitMQ") == 2


async def test_without_rabbitmq_it_goes_on_trying(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "NEXT_TRY_S", 0.001)
    kept = Schedule([EVERY_MINUTE], partial(turn_of, "garden", NOWHERE))

    with caplog.at_level(logging.WARNING):
        running = asyncio.create_task(kept.run())
        await reached(lambda: caplog.text.count("The schedule has no RabbitMQ") > 1)
        running.cancel()

    assert "Traceback" not in caplog.text

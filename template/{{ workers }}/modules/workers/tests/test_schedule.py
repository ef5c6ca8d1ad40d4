"""Jobs that are due, without a RabbitMQ."""

import asyncio
import datetime as dt
import logging
from typing import TYPE_CHECKING, Any, cast

import pytest
from aio_pika.exceptions import AMQPConnectionError

from chassis_rabbitmq.rabbitmq_settings import Settings
from chassis_workers import schedule
from chassis_workers.schedule import Due, Schedule
from chassis_workers.tasks import Job

if TYPE_CHECKING:
    from faststream.rabbit import RabbitBroker

NOWHERE = Settings(rabbitmq_url="amqp://127.0.0.1:1/", rabbitmq_timeout=0.5)


class Broker:
    """Notes what is published, when it is not away."""

    def __init__(self) -> None:
        self.published: list[tuple[str, str, dt.datetime]] = []
        self.away = 0

    async def publish(self, due: Due, *, queue: str, message_id: str, **_: Any) -> None:
        if self.away:
            self.away -= 1
            raise AMQPConnectionError
        self.published.append((queue, message_id, due.due))


async def nothing(_due: dt.datetime, _worker: Any) -> None:
    pass


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def kept(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Schedule:
    monkeypatch.setattr(schedule, "_NEXT_TRY_S", 0.001)
    jobs = [Job("water", "0 4 * * *", nothing)]
    return Schedule("garden", jobs, cast("RabbitBroker", broker), NOWHERE)


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def test_what_is_due_is_published_under_its_time(
    kept: Schedule, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(_moment: dt.datetime) -> None:
        if broker.published:
            await asyncio.sleep(60)

    monkeypatch.setattr(schedule, "_sleep_until", at_once)
    keeping = asyncio.create_task(kept._keep(kept._jobs[0]))
    await until(lambda: broker.published)
    keeping.cancel()

    ((queue, message_id, due),) = broker.published
    assert queue == "garden.water"
    assert due.hour == 4
    assert message_id == f"{due:%Y-%m-%dT04:00:00Z}"


async def test_what_is_due_is_published_again_until_it_is_confirmed(
    kept: Schedule, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    broker.away = 2

    await kept._publish(kept._jobs[0], dt.datetime(2026, 1, 31, 4, tzinfo=dt.UTC))

    assert len(broker.published) == 1
    assert caplog.text.count("water is due and RabbitMQ is away") == 2


async def test_sleeping_ends_when_the_moment_is_there() -> None:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(milliseconds=20)

    await schedule._sleep_until(moment)

    assert dt.datetime.now(dt.UTC) >= moment


async def test_without_rabbitmq_it_goes_on_trying(
    kept: Schedule, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        running = asyncio.create_task(kept.run())
        await until(lambda: caplog.text.count("The schedule has no RabbitMQ") > 1)
        running.cancel()

    assert "Traceback" not in caplog.text


async def test_without_jobs_there_is_nothing_to_do(broker: Broker) -> None:
    idle = Schedule("garden", [], cast("RabbitBroker", broker), NOWHERE)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await idle.run()

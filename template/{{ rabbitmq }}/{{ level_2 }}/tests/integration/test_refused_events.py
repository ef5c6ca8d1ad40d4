"""An event that a real RabbitMQ refuses holds up no other, and none is written that is too large."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack
from uuid import UUID, uuid4

import httpx2
import pytest

from chassis.database import Database, DatabaseSettings
from chassis.events import Created
from chassis.problems import Invalid
from chassis_rabbitmq.broker import make_broker
from chassis_rabbitmq.declared import declared_events
from chassis_rabbitmq.outbox.publisher import Publisher
from chassis_rabbitmq.outbox.relay import Relay
from chassis_rabbitmq.outbox.store import Outbox
from chassis_rabbitmq.rabbitmq_settings import Settings
from chassis_rabbitmq.topology import declare, queue
from tests.integration.collections import Records, collections
from tests.integration.postgres import Postgres
from tests.integration.rabbitmq import MAX_MESSAGE_BYTES, NONE, choice
from tests.integration.servers import RunningServer
from tests.integration.system import (
    create_database,
    document,
    in_process,
    migrate_all,
    system,
)

PATIENCE_S = 30


class Grown(Created):
    """Something that has a size."""

    type: str = "tests.grown"
    version: int = 1
    data: str


@pytest.fixture(scope="module")
def settings(others: Mapping[str, RunningServer]) -> Settings:
    """Where RabbitMQ is."""
    if choice().kind == NONE:
        pytest.skip(choice().reason)
    return Settings(rabbitmq_url=others["rabbitmq"].url)


@pytest.fixture(scope="module")
def database_url(server: Postgres) -> str:
    """A database of its own: the relays of the other services pass on what is in theirs."""
    create_database(server.database("postgres"), "refused_events")
    url = server.database("refused_events")
    migrate_all(url)
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Connections to it."""
    database = Database(DatabaseSettings(database_url=database_url))
    yield database
    await database.close()


async def put(outbox: Outbox, database: Database, subject: UUID, *sizes: int) -> list[UUID]:
    """Store events of one record, of these sizes; give their ids."""
    events = [Grown(subject=subject, data="x" * size) for size in sizes]
    async with database.begin() as connection:
        for event in events:
            await outbox.put(connection, event, {})
    return [event.id for event in events]


async def test_the_others_go_on_in_order(database: Database, settings: Settings) -> None:
    outbox = Outbox(database, 10 * MAX_MESSAGE_BYTES)
    reader = queue(f"tests-{uuid4().hex}", "tests.grown.v1", settings)
    too_large = 2 * MAX_MESSAGE_BYTES
    one, other = uuid4(), uuid4()
    async with make_broker(settings) as broker:
        await declare(broker, settings, reader)
        before = await put(outbox, database, one, 10, too_large, 10)
        beside = await put(outbox, database, other, 10, 10, too_large, 10)
        relay = Relay(outbox, lambda: Publisher.opened(settings))
        async with relay.running(), asyncio.timeout(PATIENCE_S):
            while not await outbox.is_empty():  # noqa: ASYNC110
                await asyncio.sleep(0.05)

        declared = await broker.declare_queue(reader)
        told: list[str] = []
        while message := await declared.get(fail=False):
            await message.ack()
            told.append(str(message.message_id))

    arrived = list(dict.fromkeys(told))
    assert [i for i in arrived if UUID(i) in before] == [str(before[0]), str(before[2])]
    assert [i for i in arrived if UUID(i) in beside] == [str(beside[i]) for i in (0, 1, 3)]
    refused = await outbox.refused()
    assert [refusal.event.event_id for refusal in refused] == [before[1], beside[2]]
    assert all(f"max size {MAX_MESSAGE_BYTES}" in refusal.reason for refusal in refused)
    backlog = await outbox.backlog()
    assert (backlog.waiting, backlog.refused, backlog.oldest_s) == (0, 2, 0)

    assert await outbox.try_again() == 2
    backlog = await outbox.backlog()
    assert (backlog.waiting, backlog.refused) == (2, 0)
    assert 0 < backlog.oldest_s < 10 * PATIENCE_S


async def test_an_event_that_is_too_large_is_not_stored(database: Database) -> None:
    outbox, strict = Outbox(database, 10 * MAX_MESSAGE_BYTES), Outbox(database, 1000)
    before = await outbox.backlog()

    with pytest.raises(Invalid, match="too large"):
        await put(strict, database, uuid4(), 10, 2000)

    assert (await outbox.backlog()).waiting == before.waiting


def test_a_write_of_such_an_event_is_refused_and_nothing_is_stored(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENT_MAX_BYTES", "100")
    (data,) = [service.name for service in system().services if service.in_database]
    with in_process(database_url) as started, ExitStack() as stack:
        http = stack.enter_context(httpx2.Client(base_url=started[data].url, timeout=PATIENCE_S))
        records = Records(http, document(data))  # leaves out what refers to records, where it can
        answers = []
        told = [one for one in collections(document(data)) if one.table in declared_events()]
        for collection in told:
            answers.append(records.try_to_create(collection)[0])
            assert http.get(collection.path).json()["items"] == []

    refused = [answer.json() for answer in answers if "too large" in answer.text]
    assert {answer.status_code for answer in answers} == {422}
    assert refused
    for problem in refused:
        assert problem["status"] == 422
        assert problem["errors"][0]["field"]

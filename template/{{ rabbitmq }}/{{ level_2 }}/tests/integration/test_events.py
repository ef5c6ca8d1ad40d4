"""Every write to a record that has events is told, through a real RabbitMQ."""

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, nullcontext
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from aio_pika.abc import AbstractIncomingMessage, AbstractQueue, DeliveryMode

from chassis.events import Event
from chassis_rabbitmq.broker import make_broker
from chassis_rabbitmq.declared import declared_events
from chassis_rabbitmq.settings import Settings
from chassis_rabbitmq.topology import dead_letter_queue, declare, events_exchange, queue
from tests.integration.collections import Collection, Records, collections
from tests.integration.rabbitmq import NONE, choice
from tests.integration.servers import RunningServer
from tests.integration.system import Started, document, system

PATIENCE_S = 60
AWAY_S = 2

type Told = dict[str, list[tuple[str, Any]]]
"""By record, its events in their order: the type and the data of each."""


class Reader:
    """A queue of its own; events wait there until they are read."""

    def __init__(self, url: str) -> None:
        self.settings = Settings(rabbitmq_url=url, events_delivery_limit=2)
        self.queue = queue(f"tests-{uuid4().hex}", "#", self.settings)
        self.messages: dict[str, AbstractIncomingMessage] = {}

    async def declare(self) -> None:
        async with make_broker(self.settings) as broker:
            await declare(broker, self.settings, self.queue)

    async def read(self, enough: Callable[[], bool]) -> None:
        """Read until there is enough, or for some time; what arrives twice counts once."""
        end = time.monotonic() + PATIENCE_S
        async with make_broker(self.settings) as broker:
            waiting = await broker.declare_queue(self.queue)
            while not enough() and time.monotonic() < end:
                message = await waiting.get(fail=False, timeout=PATIENCE_S)
                if message is None:
                    await asyncio.sleep(0.05)
                    continue
                await message.ack()
                self.messages.setdefault(str(message.message_id), message)

    def told(self, records: Iterable[str]) -> Told:
        """Tell what has been read of some records, of the events that follow every write."""
        told: Told = {record: [] for record in records}
        for message in self.messages.values():
            event = json.loads(message.body)
            if message.type in TYPES and event["subject"] in told:
                told[event["subject"]].append((message.type, event.get("data")))
        return told


def _following(table: str) -> dict[str, type[Event]]:
    """Give the event that follows each kind of write to a table, whatever was written."""
    events = reversed(declared_events().get(table, []))
    return {event.kind: event for event in events if event.happened({})}


def _table(collection: Collection) -> str:
    return collection.name.replace("-", "_")


def _type(event: type[Event]) -> str:
    return str(event.model_fields["type"].default)


FOLLOWING = {table: _following(table) for table in declared_events()}
TYPES = {_type(event) for events in FOLLOWING.values() for event in events.values()}


@pytest.fixture(scope="module")
def rabbitmq(others: Mapping[str, RunningServer]) -> RunningServer:
    """A real RabbitMQ."""
    if choice().kind == NONE:
        pytest.skip(choice().reason)
    return others["rabbitmq"]


@pytest.fixture
async def reader(rabbitmq: RunningServer) -> Reader:
    """A reader of all events from now on."""
    reader = Reader(rabbitmq.url)
    await reader.declare()
    return reader


@pytest.fixture
def all_records(services: dict[str, Started]) -> Iterator[dict[str, Records]]:
    """Make records through the data services."""
    with ExitStack() as stack:
        made = {}
        for service in system().services:
            if service.upgrade:
                http = httpx2.Client(base_url=services[service.name].url, timeout=PATIENCE_S)
                made[service.name] = Records(stack.enter_context(http), document(service.name))
        yield made
        for records in all_of(made):
            records.remove_all()


def all_of(records: Mapping[str, Records]) -> list[Records]:
    """Give those of every service."""
    return list(records.values())


def write(records: Records, collection: Collection) -> tuple[str, list[tuple[str, Any]]]:
    """Make, change and remove a record, and give it with the events that shall follow."""
    following = FOLLOWING[_table(collection)]
    record = records.create(collection)
    done: list[tuple[str, Any]] = [("add", record)]
    url = collection.of(record["id"])
    for name, value in records.body(collection).items():
        answer = records.http.patch(url, json={name: value})
        if answer.status_code == 200:
            done.append(("change", answer.json()))
    if records.http.delete(url).status_code == 204:
        done.append(("remove", None))
    told = [(_type(following[kind]), data) for kind, data in done if kind in following]
    return record["id"], told


def size(told: Told) -> int:
    """Count events."""
    return sum(len(events) for events in told.values())


async def arrived(place: AbstractQueue) -> AbstractIncomingMessage:
    """Wait for a message."""
    async with asyncio.timeout(PATIENCE_S):
        while (message := await place.get(fail=False, timeout=PATIENCE_S)) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return message


def write_everywhere(all_records: Mapping[str, Records]) -> Told:
    """Write to every collection that has events."""
    return dict(
        write(records, collection)
        for records in all_of(all_records)
        for collection in collections(records.document)
        if _table(collection) in FOLLOWING
    )


@pytest.mark.parametrize("away", [pytest.param(False, id="there"), pytest.param(True, id="away")])
async def test_each_write_is_told_in_its_turn(
    rabbitmq: RunningServer, reader: Reader, all_records: dict[str, Records], *, away: bool
) -> None:
    expected = await asyncio.to_thread(write_everywhere, all_records)  # told, but not read
    with rabbitmq.away() if away else nullcontext():
        expected |= await asyncio.to_thread(write_everywhere, all_records)
        await asyncio.sleep(AWAY_S if away else 0)

    await reader.read(lambda: size(reader.told(expected)) == size(expected))

    assert reader.told(expected) == expected


async def test_an_event_is_kept_and_says_for_whom_it_came(
    reader: Reader, all_records: dict[str, Records]
) -> None:
    request_id = uuid4().hex
    for records in all_of(all_records):
        records.http.headers["X-Request-ID"] = request_id

    expected = await asyncio.to_thread(write_everywhere, all_records)
    await reader.read(lambda: size(reader.told(expected)) == size(expected))

    for message in reader.messages.values():
        assert message.delivery_mode == DeliveryMode.PERSISTENT
        assert message.content_type == "application/json"
        assert message.headers["x-request-id"] == request_id


async def test_what_cannot_be_handled_is_put_aside(rabbitmq: RunningServer) -> None:
    settings = Settings(rabbitmq_url=rabbitmq.url, events_delivery_limit=2)
    wanted = queue(f"tests-{uuid4().hex}", "tests.poison", settings)
    exchange = events_exchange(settings)
    async with make_broker(settings) as broker:
        await declare(broker, settings, wanted)
        await broker.publish(b"{}", exchange=exchange, routing_key="tests.poison", persist=True)
        tried = await broker.declare_queue(wanted)
        for _ in range(3):  # once, and twice again
            message = await arrived(tried)
            await message.nack(requeue=True)

        letter = await arrived(await broker.declare_queue(dead_letter_queue(wanted.name)))
        await letter.ack()
        assert await tried.get(fail=False) is None
        await tried.delete(if_unused=False, if_empty=False)

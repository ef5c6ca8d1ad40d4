"""Every write to a record that has events is told, through a real RabbitMQ."""

import asyncio
import json
import time
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Self
from uuid import uuid4

import httpx2
import pytest
from aio_pika.abc import AbstractIncomingMessage, AbstractQueue, DeliveryMode

from chassis.events import Event
from chassis_rabbitmq.broker import make_broker
from chassis_rabbitmq.declared import declared_events
from chassis_rabbitmq.rabbitmq_settings import Settings
from chassis_rabbitmq.topology import dead_letter_queue, declare, events_exchange, queue
from tests.integration.collections import Collection, Records, collections
from tests.integration.rabbitmq import NONE, choice
from tests.integration.servers import RunningServer
from tests.integration.system import Started, document, in_process, system

PATIENCE_S = 60
AWAY_S = 1  # longer than the first pause of the relay

type Told = dict[str, list[tuple[str, Any]]]
"""By record, its events in their order: the version and the data of each."""


class Reader:
    """A queue of its own; events wait there until they are read."""

    def __init__(self, url: str) -> None:
        self.settings = Settings(rabbitmq_url=url)
        self.queue = queue(f"tests-{uuid4().hex}", "#", self.settings)
        self.messages: dict[tuple[str, str | None], AbstractIncomingMessage] = {}

    async def declare(self) -> None:
        async with make_broker(self.settings) as broker:
            await declare(broker, self.settings, self.queue)

    async def told(self, expected: Told) -> Told:
        """Read until as much has come as is expected, or for some time.

        What arrives twice counts once, and only the events that follow every write.
        """
        end = time.monotonic() + PATIENCE_S
        async with make_broker(self.settings) as broker:
            waiting = await broker.declare_queue(self.queue)
            while size(self._told(expected)) < size(expected) and time.monotonic() < end:
                message = await waiting.get(fail=False, timeout=PATIENCE_S)
                if message is None:
                    await asyncio.sleep(0.05)
                    continue
                await message.ack()
                self.messages.setdefault((str(message.message_id), message.routing_key), message)
        return self._told(expected)

    def of(self, records: Container[str]) -> list[AbstractIncomingMessage]:
        """Give the messages about some records."""
        read = self.messages.values()
        return [message for message in read if json.loads(message.body)["subject"] in records]

    def _told(self, records: Told) -> Told:
        told: Told = {record: [] for record in records}
        for message in self.of(records):
            event, version = json.loads(message.body), str(message.routing_key)
            if version in VERSIONS:
                told[event["subject"]].append((version, event.get("data")))
        return told


def _following(table: str) -> dict[str, type[Event]]:
    """Give the event that follows each kind of write to a table, whatever was written."""
    events = reversed(declared_events().get(table, []))
    return {event.kind: event for event in events if event.happened({})}


FOLLOWING = {table: _following(table) for table in declared_events()}
VERSIONS = {one.routing_key() for events in FOLLOWING.values() for one in events.values()}


@dataclass
class Writer:
    """Writes to the collections of a data service that have events, through its instances."""

    records: Records
    instances: list[httpx2.Client]

    @classmethod
    @contextmanager
    def of(cls, *instances: Started) -> Iterator[Self]:
        with ExitStack() as stack:
            clients = [httpx2.Client(base_url=one.url, timeout=PATIENCE_S) for one in instances]
            for client in clients:
                stack.enter_context(client)
            yield cls(Records(clients[0], document(instances[0].service.name)), clients)

    def write(self) -> Told:
        """Write to each collection; give the events that shall follow."""
        found = collections(self.records.document)
        return dict(self._write(one) for one in found if one.table in FOLLOWING)

    def _write(self, collection: Collection) -> tuple[str, list[tuple[str, Any]]]:
        """Make a record, change it and remove it, each through the next instance."""
        record = self.records.create(collection)
        done: list[tuple[str, Any]] = [("add", record)]
        url, instances = collection.of(record["id"]), cycle(self.instances)
        for field, value in self.records.body(collection).items():
            answer = next(instances).patch(url, json={field: value})
            if answer.status_code == 200:
                done.append(("change", answer.json()))
        if next(instances).delete(url).status_code == 204:
            done.append(("remove", None))
        following = FOLLOWING[collection.table]
        told = [(following[kind].routing_key(), data) for kind, data in done if kind in following]
        return record["id"], told


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
def writers(services: dict[str, Started]) -> Iterator[list[Writer]]:
    """Who writes to the data services."""
    with ExitStack() as stack:
        writers = [stack.enter_context(Writer.of(one)) for one in data_services(services)]
        yield writers
        for writer in writers:
            writer.records.remove_all()


def data_services(services: Mapping[str, Started]) -> list[Started]:
    """Give the services that have migrations."""
    return [services[service.name] for service in system().services if service.in_database]


def size(told: Told) -> int:
    """Count events."""
    return sum(len(events) for events in told.values())


async def arrived(place: AbstractQueue) -> AbstractIncomingMessage:
    """Wait for a message."""
    async with asyncio.timeout(PATIENCE_S):
        while (message := await place.get(fail=False, timeout=PATIENCE_S)) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return message


async def write(writers: Iterable[Writer]) -> Told:
    """Write to everything that has events; give the events that shall follow."""
    told: Told = {}
    for writer in writers:
        told |= await asyncio.to_thread(writer.write)
    return told


@pytest.mark.parametrize("away", [pytest.param(False, id="there"), pytest.param(True, id="away")])
async def test_each_write_is_told_in_its_turn(
    rabbitmq: RunningServer, reader: Reader, writers: list[Writer], *, away: bool
) -> None:
    expected = await write(writers)  # told, but not read
    with rabbitmq.away() if away else nullcontext():
        expected |= await write(writers)
        await asyncio.sleep(AWAY_S if away else 0)

    assert await reader.told(expected) == expected


async def test_several_instances_keep_the_order(
    reader: Reader, services: dict[str, Started], database_url: str
) -> None:
    with in_process(database_url) as more, ExitStack() as stack:
        pairs = zip(data_services(services), data_services(more), strict=True)
        writers = [stack.enter_context(Writer.of(*pair)) for pair in pairs]
        expected: Told = {}
        for _ in range(5):
            expected |= await write(writers)

        assert await reader.told(expected) == expected
        for writer in writers:
            writer.records.remove_all()


async def test_an_event_is_kept_and_says_for_whom_it_came(
    reader: Reader, writers: list[Writer]
) -> None:
    request_id = uuid4().hex
    for writer in writers:
        for instance in writer.instances:
            instance.headers["X-Request-ID"] = request_id

    expected = await write(writers)
    assert await reader.told(expected) == expected

    for message in reader.of(expected):
        assert message.delivery_mode == DeliveryMode.PERSISTENT
        assert message.content_type == "application/json"
        assert message.headers["x-request-id"] == request_id


async def test_what_cannot_be_handled_is_put_aside(rabbitmq: RunningServer) -> None:
    settings = Settings(rabbitmq_url=rabbitmq.url)
    wanted = queue(f"tests-{uuid4().hex}", "tests.poison", settings, delivery_limit=2)
    exchange = events_exchange(settings)
    async with make_broker(settings) as broker:
        await declare(broker, settings, wanted)
        await broker.publish(b"{}", exchange=exchange, routing_key="tests.poison", persist=True)
        tried = await broker.declare_queue(wanted)
        for _ in range(3):  # once, and twice again
            message = await arrived(tried)
            await message.reject(requeue=True)

        letters = await broker.declare_queue(dead_letter_queue(wanted.name))
        for _ in range(30):  # looked at more often than RabbitMQ allows by itself
            letter = await arrived(letters)
            await letter.reject(requeue=True)
        await (await arrived(letters)).ack()
        assert await tried.get(fail=False) is None
        await tried.delete(if_unused=False, if_empty=False)

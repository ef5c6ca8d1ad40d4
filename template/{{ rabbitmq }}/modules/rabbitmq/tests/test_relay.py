"""The relay between an outbox in memory and a broker in memory."""

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, Self
from uuid import UUID, uuid4

import pytest
from aio_pika import DeliveryMode
from aiormq.exceptions import ChannelPreconditionFailed, ConnectionFrameError
from faststream.rabbit import RabbitBroker, TestRabbitBroker

from chassis.problems import Unavailable
from chassis_rabbitmq.broker import make_broker
from chassis_rabbitmq.outbox import relay as module
from chassis_rabbitmq.outbox.publisher import message
from chassis_rabbitmq.outbox.relay import Relay
from chassis_rabbitmq.outbox.store import Backlog, PassOn, Refusal, Waiting
from chassis_rabbitmq.rabbitmq_settings import Settings
from chassis_rabbitmq.topology import events_exchange, queue

SETTINGS = Settings(events_exchange="shop.events")
ONE, OTHER = uuid4(), uuid4()


class MemoryOutbox:
    """Keeps events in a list."""

    def __init__(self) -> None:
        self.waiting: list[Waiting] = []
        self.refused: list[Refusal] = []
        self.taken_elsewhere = False
        self.away = False

    def put(self, subject: UUID, text: str, headers: dict[str, str] | None = None) -> None:
        now = dt.datetime.now(dt.UTC)
        place = len(self.waiting)
        event = Waiting(place, uuid4(), "book.updated.v1", subject, now, headers or {}, f'"{text}"')
        self.waiting.append(event)

    async def is_empty(self) -> bool:
        if self.away:
            raise Unavailable("The database does not answer.")
        return not self.waiting

    async def take(self, pass_on: PassOn) -> int:
        if self.taken_elsewhere:
            return 0
        taken = list(self.waiting)
        passed = await pass_on(taken)
        self.refused += passed.refused
        done = [*passed.done, *(one.event for one in passed.refused)]
        self.waiting = [event for event in self.waiting if event not in done]
        return len(taken)

    async def backlog(self) -> Backlog:
        if self.away:
            raise Unavailable("The database does not answer.")
        return Backlog(len(self.waiting), len(self.refused), 61.4)


class Reader:
    """Keeps what arrives; RabbitMQ may be away, and the connection to it lost."""

    def __init__(self, broker: RabbitBroker) -> None:
        self.texts: list[str] = []
        self.connected = 0
        self.away = self.is_lost = False
        self.refuses: dict[str, Exception] = {}
        self._broker = broker
        self._exchange = events_exchange(SETTINGS)
        broker.subscriber(queue("reader", "#", SETTINGS), self._exchange)(self.take)

    async def take(self, text: str) -> None:
        self.texts.append(text)

    async def connect(self) -> Self:
        self.connected += 1
        if self.away:
            raise ConnectionRefusedError("RabbitMQ is away")
        self.is_lost = False
        return self

    async def send(self, event: Waiting) -> None:
        await asyncio.sleep(0)
        if self.is_lost:
            raise ConnectionResetError
        if error := self.refuses.get(event.body.strip('"')):
            self.is_lost = True  # a refusal closes the channel
            raise error
        sent = message(event)
        await self._broker.publish(sent, exchange=self._exchange, routing_key=event.routing_key)

    async def close(self) -> None:
        self.is_lost = True


@pytest.fixture
def outbox() -> MemoryOutbox:
    return MemoryOutbox()


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    broker = make_broker(SETTINGS)
    reader = Reader(broker)
    async with TestRabbitBroker(broker):
        yield reader


@pytest.fixture
def relay(outbox: MemoryOutbox, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> Relay:
    for name in ("POLL", "COMMIT", "FIRST_PAUSE", "LONGEST_PAUSE"):
        monkeypatch.setattr(module, name, 0.01)
    return Relay(outbox, reader.connect)


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110  # nothing tells that it has become true
            await asyncio.sleep(0.005)


async def test_what_waits_is_passed_on(relay: Relay, outbox: MemoryOutbox, reader: Reader) -> None:
    outbox.put(ONE, "first")

    async with relay.running():
        await until(lambda: not outbox.waiting)
        outbox.put(ONE, "second")
        relay.wake()
        await until(lambda: not outbox.waiting)

    assert reader.texts == ["first", "second"]
    assert reader.connected == 1


def test_a_message_tells_what_it_is(outbox: MemoryOutbox) -> None:
    outbox.put(ONE, "first", {"origin": "shelf"})
    (event,) = outbox.waiting

    sent = message(event)

    assert sent.body == b'"first"'
    assert sent.message_id == str(event.event_id)
    assert (sent.type, sent.content_type) == ("book.updated.v1", "application/json")
    assert sent.delivery_mode == DeliveryMode.PERSISTENT
    assert sent.headers == {"origin": "shelf"}
    assert sent.timestamp == event.occurred_at


async def test_it_wakes_before_it_looks_by_itself(
    relay: Relay, outbox: MemoryOutbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL", 60)

    async with relay.running():
        outbox.put(ONE, "first")
        relay.wake()
        await until(lambda: reader.texts)


async def test_nothing_is_lost_while_rabbitmq_is_away(
    relay: Relay, outbox: MemoryOutbox, reader: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    reader.away = True

    async with relay.running():
        for number in range(10):
            outbox.put(ONE, str(number))
        relay.wake()
        await until(lambda: reader.connected > 2)
        assert reader.texts == []
        reader.away = False
        await until(lambda: not outbox.waiting)

    assert reader.texts == [str(number) for number in range(10)]
    told = [record.message for record in caplog.records if record.name == module.__name__]
    assert told == ["Events wait in the outbox: RabbitMQ is away", "Events are passed on again"]


async def test_it_goes_on_when_the_database_is_back(
    relay: Relay, outbox: MemoryOutbox, reader: Reader
) -> None:
    outbox.away = True

    async with relay.running():
        outbox.put(ONE, "first")
        await asyncio.sleep(0.05)
        outbox.away = False
        await until(lambda: reader.texts)


async def test_an_event_waits_for_the_one_before_it(
    relay: Relay, outbox: MemoryOutbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = reader.send
    refused: list[Waiting] = []

    async def refuse_once(event: Waiting) -> None:
        if event.body == '"one 1"' and not refused:
            refused.append(event)
            raise ConnectionResetError
        await send(event)

    monkeypatch.setattr(reader, "send", refuse_once)
    for text in ("one 1", "other 1", "one 2", "other 2"):
        outbox.put(ONE if text.startswith("one") else OTHER, text)

    async with relay.running():
        await until(lambda: not outbox.waiting)

    assert reader.texts == ["other 1", "other 2", "one 1", "one 2"]


async def test_an_event_that_is_not_confirmed_is_sent_again(
    relay: Relay, outbox: MemoryOutbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = reader.send
    unconfirmed: list[Waiting] = []

    async def lose_confirmation(event: Waiting) -> None:
        await send(event)
        if not unconfirmed:
            unconfirmed.append(event)
            raise TimeoutError

    monkeypatch.setattr(reader, "send", lose_confirmation)
    outbox.put(ONE, "first")

    async with relay.running():
        await until(lambda: not outbox.waiting)

    assert reader.texts == ["first", "first"]


async def test_only_one_process_passes_on(
    relay: Relay, outbox: MemoryOutbox, reader: Reader
) -> None:
    outbox.taken_elsewhere = True
    outbox.put(ONE, "first")

    async with relay.running():
        await asyncio.sleep(0.05)
        assert reader.texts == []
        outbox.taken_elsewhere = False
        await until(lambda: reader.texts)


async def test_it_stops_at_once_although_something_is_away(
    relay: Relay, outbox: MemoryOutbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 60)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 60)
    reader.away = True
    outbox.put(ONE, "first")

    async with relay.running():
        await until(lambda: reader.connected)

    assert len(outbox.waiting) == 1


async def test_a_connection_that_is_lost_is_given_up_while_nothing_waits(
    relay: Relay, outbox: MemoryOutbox, reader: Reader
) -> None:
    outbox.put(ONE, "first")

    async with relay.running():
        await until(lambda: reader.texts)
        reader.is_lost = True
        await asyncio.sleep(0.05)
        assert reader.connected == 1
        outbox.put(ONE, "second")
        await until(lambda: len(reader.texts) == 2)

    assert reader.connected == 2


async def test_it_runs_again_after_it_was_stopped(
    relay: Relay, outbox: MemoryOutbox, reader: Reader
) -> None:
    for text in ("first", "second"):
        async with relay.running():
            outbox.put(ONE, text)
            await until(lambda: not outbox.waiting)

    assert reader.texts == ["first", "second"]


def test_it_runs_again_in_another_event_loop(outbox: MemoryOutbox) -> None:
    relay = Relay(outbox, Reader(make_broker(SETTINGS)).connect)

    async def run() -> None:
        async with relay.running():
            await asyncio.sleep(0)  # it waits for news by now

    for _ in range(2):
        asyncio.run(run())


TOO_LARGE = ChannelPreconditionFailed("message size 9 is larger than configured max size 8")


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(TOO_LARGE, id="too large"),
        pytest.param(ConnectionFrameError("frame_too_large"), id="a header that fits no frame"),
        pytest.param(UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), id="no bytes"),
        pytest.param(TypeError("a header of no kind"), id="no message"),
    ],
)
async def test_an_event_that_is_refused_is_put_aside_and_the_others_go_on_in_order(
    relay: Relay,
    outbox: MemoryOutbox,
    reader: Reader,
    caplog: pytest.LogCaptureFixture,
    refusal: Exception,
) -> None:
    reader.refuses = {"one 2": refusal}
    for text in ("one 1", "other 1", "one 2", "other 2", "one 3"):
        outbox.put(ONE if text.startswith("one") else OTHER, text)
    (bad,) = [event for event in outbox.waiting if event.body == '"one 2"']

    async with relay.running():
        await until(lambda: not outbox.waiting)

    assert [one.event for one in outbox.refused] == [bad]
    arrived = list(dict.fromkeys(reader.texts))  # one whose confirmation was lost comes twice
    assert [text for text in arrived if text.startswith("one")] == ["one 1", "one 3"]
    assert [text for text in arrived if text.startswith("other")] == ["other 1", "other 2"]
    (told,) = [r.message for r in caplog.records if r.levelno == logging.ERROR]
    assert f"RabbitMQ refuses book.updated.v1 {bad.event_id} of {ONE} (7 bytes)" in told
    assert str(refusal) in told
    assert "Events wait" not in caplog.text  # it is no outage


async def test_several_that_are_refused_are_all_put_aside(
    relay: Relay, outbox: MemoryOutbox, reader: Reader
) -> None:
    reader.refuses = {str(number): TOO_LARGE for number in range(0, 10, 2)}
    for number in range(10):
        outbox.put(uuid4(), str(number))

    async with relay.running():
        await until(lambda: not outbox.waiting)

    assert [one.event.body for one in outbox.refused] == [f'"{n}"' for n in range(0, 10, 2)]
    assert sorted(set(reader.texts)) == ["1", "3", "5", "7", "9"]


async def test_an_outage_while_the_refused_one_is_looked_for_puts_nothing_aside(
    relay: Relay, outbox: MemoryOutbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.refuses = {"bad": TOO_LARGE}
    connect, lost = reader.connect, []

    async def fall_over() -> Any:
        await connect()
        if reader.connected == 2:  # one by one begins, and the connection is lost
            reader.is_lost = True
            lost.append(True)
        return reader

    monkeypatch.setattr(relay, "_connect", fall_over)
    for text in ("good", "bad", "better"):
        outbox.put(uuid4(), text)

    async with relay.running():
        await until(lambda: not outbox.waiting)

    assert lost
    assert [one.event.body for one in outbox.refused] == ['"bad"']
    assert sorted(set(reader.texts)) == ["better", "good"]


async def test_one_that_is_no_longer_refused_is_not_put_aside(
    relay: Relay, outbox: MemoryOutbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.refuses = {"first": TOO_LARGE}
    close = reader.close

    async def mend() -> None:
        reader.refuses = {}
        await close()

    monkeypatch.setattr(reader, "close", mend)
    outbox.put(ONE, "first")

    async with relay.running():
        await until(lambda: not outbox.waiting)

    assert (outbox.refused, reader.texts) == ([], ["first"])


async def test_while_events_wait_it_is_said_again_how_many(
    relay: Relay,
    outbox: MemoryOutbox,
    reader: Reader,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "REMINDER", 0.02)
    reader.away = True
    outbox.put(ONE, "first")

    async with relay.running():
        await until(lambda: len(caplog.messages) > 1)

    assert caplog.messages[:2] == [
        "Events wait in the outbox: RabbitMQ is away",
        "Events wait in the outbox, 1 of them, the oldest for 61 s: RabbitMQ is away",
    ]


async def test_while_the_database_is_away_nobody_knows_how_many(
    relay: Relay,
    outbox: MemoryOutbox,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "REMINDER", 0.02)
    outbox.away = True

    async with relay.running():
        await until(lambda: len(caplog.messages) > 1)

    told = "Events wait in the outbox: The database does not answer."
    assert caplog.messages[:2] == [told, told]

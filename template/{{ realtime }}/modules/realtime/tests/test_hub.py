"""The hub: each client gets everything once, whatever happens to Redis, or knows that it did not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from redis.exceptions import ConnectionError as RedisConnectionError

from chassis_realtime import hub as hub_module
from chassis_realtime.hub import End, Ended, Hub, Kind, Message
from chassis_realtime.log import Entry, Log

BEDS = "beds"
PATIENCE_S = 5


@asynccontextmanager
async def listening(redis: FakeAsyncRedis, log: Log, bound: int = 1000) -> AsyncIterator[Hub]:
    """Run a hub, as an instance has it."""
    hub = Hub(redis, log, bound=bound, heartbeat=0.05)
    task = asyncio.create_task(hub.listen())
    try:
        yield hub
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def told(hub: Hub, position: str, number: int) -> list[Message]:
    """Give the next messages after a position, without heartbeats."""
    found: list[Message] = []
    async with asyncio.timeout(PATIENCE_S), aclosing(hub.follow(BEDS, position)) as messages:
        async for message in messages:
            if message.kind is not Kind.HEARTBEAT:
                found.append(message)
            if len(found) == number:
                break
    return found


async def append(log: Log, numbers: range) -> None:
    for number in numbers:
        await log.append(BEDS, f"{number}", f"{number}")
        await asyncio.sleep(0)


def texts(numbers: range) -> list[str]:
    return [f"{number}" for number in numbers]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "PAUSE_S", 0.01)
    monkeypatch.setattr(hub_module, "QUIET_S", 0.1)


async def test_who_joins_while_events_flow_gets_each_of_them_once(
    redis: FakeAsyncRedis, log: Log
) -> None:
    start = await log.newest(BEDS)
    async with listening(redis, log) as hub:
        writing = asyncio.create_task(append(log, range(300)))
        clients = []
        for _ in range(10):
            clients.append(asyncio.create_task(told(hub, start, 300)))
            await asyncio.sleep(0.002)
        for messages in await asyncio.gather(*clients):
            assert [one.data for one in messages] == texts(range(300))
        await writing


@pytest.mark.parametrize("payload", [b"\xff\xfe", b"", b"0 {}", b"x-y {}"])
async def test_what_anybody_else_calls_out_stops_nobody(
    redis: FakeAsyncRedis, log: Log, payload: bytes
) -> None:
    start = await log.newest(BEDS)
    async with (
        asyncio.timeout(PATIENCE_S),
        listening(redis, log) as hub,
        aclosing(hub.follow(BEDS, start)) as messages,
    ):
        assert (await anext(messages)).kind is Kind.HEARTBEAT  # by now somebody listens

        await redis.publish(f"{log.prefix}{BEDS}", payload)
        await log.append(BEDS, "1", "1")

        changes = (one.data async for one in messages if one.kind is not Kind.HEARTBEAT)
        assert await anext(changes) == "1"


async def test_an_error_that_nobody_thought_of_is_logged_and_stops_nobody(
    redis: FakeAsyncRedis,
    log: Log,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    start, failed = await log.newest(BEDS), asyncio.Event()
    called_out = log.called_out

    def failing(payload: bytes) -> Entry:
        if failed.is_set():
            return called_out(payload)
        failed.set()
        raise RuntimeError("nobody thought of it")

    monkeypatch.setattr(log, "called_out", failing)
    async with listening(redis, log) as hub:
        client = asyncio.create_task(told(hub, start, 2))
        while not failed.is_set():
            await asyncio.sleep(0.05)  # until somebody listens
            await log.append(BEDS, "1", "1")
            await redis.publish(f"{log.prefix}{BEDS}", b"1-1 1")
        await log.append(BEDS, "2", "2")

        assert [one.data for one in await client] == ["1", "2"]
        assert hub.listening
    assert "nobody thought of it" in caplog.text


async def test_what_was_written_while_redis_was_away_comes_once_it_is_back(
    redis: FakeAsyncRedis, log: Log, server: FakeServer
) -> None:
    start = await log.newest(BEDS)
    async with listening(redis, log) as hub:
        client = asyncio.create_task(told(hub, start, 20))
        await append(log, range(10))
        await asyncio.sleep(0.05)
        server.connected = False
        await asyncio.sleep(0.05)
        server.connected = True
        # Called out before the hub listens again, and so heard by nobody.
        await append(log, range(10, 20))

        assert [one.data for one in await client] == texts(range(20))


async def test_a_lost_log_is_told_to_those_who_are_connected(
    redis: FakeAsyncRedis, log: Log, server: FakeServer
) -> None:
    start = await log.newest(BEDS)
    async with (
        asyncio.timeout(PATIENCE_S),
        listening(redis, log) as hub,
        aclosing(hub.follow(BEDS, start)) as messages,
    ):
        await append(log, range(1))
        first = await anext(messages)
        server.connected = False
        await asyncio.sleep(0.05)
        server.connected = True
        await redis.flushall()
        reset = await anext(one async for one in messages if one.kind is not Kind.HEARTBEAT)
        await append(log, range(5, 6))
        later = await anext(one async for one in messages if one.kind is not Kind.HEARTBEAT)

    assert (first.kind, reset.kind, later.kind) == (Kind.CHANGE, Kind.RESET, Kind.CHANGE)
    assert (first.data, later.data) == ("0", "5")


async def test_who_asks_for_what_is_gone_is_told_to_load_everything(
    redis: FakeAsyncRedis, log: Log
) -> None:
    hub = Hub(redis, log, bound=10, heartbeat=1)
    await append(log, range(3))
    newest = await log.newest(BEDS)

    assert await hub.join(BEDS, "1-1") == Message(Kind.RESET, newest)
    assert await hub.join(BEDS, None) == Message(Kind.READY, newest)
    assert await hub.join(BEDS, newest) is None


async def test_a_client_that_reads_too_slowly_is_let_go_and_others_are_not(
    redis: FakeAsyncRedis, log: Log
) -> None:
    start = await log.newest(BEDS)
    async with listening(redis, log, bound=5) as hub:
        quick = asyncio.create_task(told(hub, start, 40))
        async with aclosing(hub.follow(BEDS, start)) as slow:
            assert (await anext(slow)).kind is Kind.HEARTBEAT
            for number in range(40):
                await log.append(BEDS, f"{number}", f"{number}")
                await asyncio.sleep(0.002)

            with pytest.raises(Ended, match="too slowly"):
                await anext(slow)
        assert [one.data for one in await quick] == texts(range(40))


async def test_who_hears_nothing_for_a_while_hears_that(redis: FakeAsyncRedis, log: Log) -> None:
    start = await log.newest(BEDS)
    async with listening(redis, log) as hub, aclosing(hub.follow(BEDS, start)) as messages:
        assert await anext(messages) == Message(Kind.HEARTBEAT, start)


async def test_everybody_is_let_go_at_the_end(redis: FakeAsyncRedis, log: Log) -> None:
    start = await log.newest(BEDS)
    async with listening(redis, log) as hub:
        clients = [asyncio.create_task(told(hub, start, 1)) for _ in range(3)]
        await asyncio.sleep(0.05)

        hub.stop()

        for client in clients:
            with pytest.raises(Ended) as ended:
                await client
            assert ended.value.why is End.STOPPING
        with pytest.raises(Ended):
            await told(hub, start, 1)


async def test_without_redis_a_client_is_sent_away(
    redis: FakeAsyncRedis, log: Log, server: FakeServer
) -> None:
    start = await log.newest(BEDS)
    hub = Hub(redis, log, bound=10, heartbeat=1)
    server.connected = False

    with pytest.raises(Ended) as ended:
        await told(hub, start, 1)
    assert ended.value.why is End.AWAY


async def test_a_redis_that_says_nothing_is_connected_to_anew(
    redis: FakeAsyncRedis, log: Log
) -> None:
    class Silent:
        """A connection that is half open."""

        async def ping(self) -> None:
            """Say nothing."""

        async def get_message(self, **_: float) -> None:
            """Hear nothing."""

    hub = Hub(redis, log, bound=10, heartbeat=1)

    with pytest.raises(RedisConnectionError):
        await hub._hear(Silent())  # type: ignore[arg-type]

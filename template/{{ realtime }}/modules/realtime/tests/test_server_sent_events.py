"""Server-Sent Events, as a browser reads them."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from fakeredis import FakeServer
from httpx2 import AsyncClient
from starlette.requests import HTTPConnection

from chassis.features import FeatureSettings
from chassis_realtime.live.places import NoPlace, Places
from chassis_realtime.log import Log
from chassis_realtime.testing.serving import serving

BEDS = "beds"
PATIENCE_S = 5


class Stream:
    """A stream that is being read."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def raw(self) -> str:
        """Give the next line that is not empty."""
        async with asyncio.timeout(PATIENCE_S):
            return await anext(line async for line in self._lines if line)

    async def next(self) -> dict[str, str]:
        """Give the fields of the next event; empty at the end."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE_S):
            async for line in self._lines:
                if not line and fields:
                    return fields
                name, _, value = line.partition(": ")
                if name and name != "retry":
                    fields[name] = value
        return fields


@asynccontextmanager
async def reading(url: str, **headers: str) -> AsyncIterator[Stream]:
    async with AsyncClient() as http, http.stream("GET", url, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        yield Stream(answer.aiter_lines())


async def test_a_client_is_told_and_goes_on_from_where_it_was(log: Log) -> None:
    async with serving() as served:
        async with reading(served.events) as stream:
            assert (await stream.next())["event"] == "ready"
            await log.append(BEDS, "1", '{"number":1}')
            first = await stream.next()
            assert (first["event"], first["data"]) == ("change", '{"number":1}')
        await log.append(BEDS, "2", '{"number":2}')
        async with reading(served.events, **{"Last-Event-ID": first["id"]}) as stream:
            assert (await stream.next())["data"] == '{"number":2}'
        async with reading(f"{served.events}?after=1-1") as stream:
            assert (await stream.next())["event"] == "reset"


async def test_clients_of_two_instances_are_told_the_same(log: Log) -> None:
    async with (
        serving() as one,
        serving() as other,
        reading(one.events) as first,
        reading(other.events) as second,
    ):
        await asyncio.gather(first.next(), second.next())
        await log.append(BEDS, "1", '{"number":1}')

        assert await first.next() == await second.next()


async def test_a_quiet_stream_has_a_heartbeat() -> None:
    async with serving(realtime_heartbeat=0.05) as served, reading(served.events) as stream:
        await stream.next()
        assert (await stream.raw()) == ": heartbeat"


async def test_streams_end_at_once_when_the_service_stops() -> None:
    async with serving() as served, reading(served.events) as stream:
        await stream.next()
        since = time.monotonic()

        served.server.should_exit = True

        assert await stream.next() == {}
        assert time.monotonic() - since < 1


async def test_places_are_bounded_and_given_back() -> None:
    async with serving(realtime_per_address=2) as served, AsyncClient() as http:
        async with reading(served.events) as one, reading(served.events) as other:
            await asyncio.gather(one.next(), other.next())
            answer = await http.get(served.events)
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
        async with asyncio.timeout(PATIENCE_S):
            while served.app.state.places.open:  # noqa: ASYNC110  # nothing tells of it
                await asyncio.sleep(0.01)
        async with reading(served.events) as stream:
            await stream.next()


def test_a_network_of_ipv6_has_the_places_of_one_client() -> None:
    places = Places(FeatureSettings(realtime_per_address=1))

    def client(address: str) -> HTTPConnection:
        return HTTPConnection({"type": "http", "headers": [], "client": (address, 1)})

    with places.taken(client("2001:db8::1")):
        with pytest.raises(NoPlace, match="One address may have 1"):  # noqa: SIM117
            with places.taken(client("2001:db8::2")):
                pass
        with places.taken(client("2001:db8:0:1::1")):
            assert places.open == 2


def test_each_user_has_places_of_their_own() -> None:
    places = Places(FeatureSettings(realtime_per_user=2, realtime_per_address=0))

    def client(user: str) -> HTTPConnection:
        known = SimpleNamespace(identity=user)
        return HTTPConnection({"type": "http", "user": known, "client": ("10.0.0.1", 1)})

    with places.taken(client("ann")), places.taken(client("ann")):
        with pytest.raises(NoPlace, match="One user may have 2") as refused:  # noqa: SIM117
            with places.taken(client("ann")):
                pass
        assert refused.value.status == 429
        with places.taken(client("bob")):
            assert places.open == 3
    with places.taken(client("ann")):
        assert places.open == 1


async def test_an_instance_that_is_full_says_so() -> None:
    async with (
        serving(realtime_connections=1) as served,
        AsyncClient() as http,
        reading(served.events) as stream,
    ):
        await stream.next()
        assert (await http.get(served.events)).status_code == 503


async def test_without_redis_it_is_said_at_once(server: FakeServer) -> None:
    async with serving() as served, AsyncClient() as http:
        server.connected = False

        answer = await http.get(served.events)

        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert not served.app.state.places.open

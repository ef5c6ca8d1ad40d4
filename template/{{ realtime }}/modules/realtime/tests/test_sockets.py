"""WebSockets, as a client of another maker opens them."""

import asyncio
import json
import time
from contextlib import suppress
from typing import Any

import pytest
from fakeredis import FakeServer
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.typing import Origin

from chassis_realtime.log import Log
from chassis_realtime.testing.serving import serving

BEDS = "beds"
PATIENCE_S = 5
BIG = 64 * 1024


async def message(socket: ClientConnection) -> Any:
    async with asyncio.timeout(PATIENCE_S):
        return json.loads(await socket.recv())


async def closing(socket: ClientConnection) -> int | None:
    """Read to the end, and give the code of it."""
    async with asyncio.timeout(PATIENCE_S):
        with suppress(ConnectionClosedError):
            async for _ in socket:
                pass
        await socket.wait_closed()
    return socket.close_code


async def refused(url: str, **options: Any) -> int:
    with pytest.raises(InvalidStatus) as refusal:
        await connect(url, **options)
    return refusal.value.response.status_code


async def test_a_client_is_told_and_goes_on_from_where_it_was(log: Log) -> None:
    async with serving() as served:
        async with connect(served.socket) as socket:
            assert (await message(socket))["event"] == "ready"
            await log.append(BEDS, "1", '{"number":1}')
            first = await message(socket)
            assert (first["event"], first["data"]) == ("change", {"number": 1})
        await log.append(BEDS, "2", '{"number":2}')
        async with connect(f"{served.socket}?after={first['id']}") as socket:
            assert (await message(socket))["data"] == {"number": 2}
        async with connect(f"{served.socket}?after=1-1") as socket:
            assert (await message(socket))["event"] == "reset"


async def test_sockets_are_closed_at_once_when_the_service_stops() -> None:
    async with serving() as served, connect(served.socket) as socket:
        await message(socket)
        since = time.monotonic()

        served.server.should_exit = True

        assert await closing(socket) == 1012
        assert time.monotonic() - since < 1


async def test_pages_of_other_hosts_may_not_connect() -> None:
    friend = Origin("https://friend.example")
    async with serving(cors_origins=["https://friend.example"]) as served:
        for stranger in ("https://stranger.example", "null", "http://[", f"{served.address}"):
            assert await refused(served.socket, origin=Origin(stranger)) == 403
        for origin in (friend, Origin(f"http://{served.address}"), None):
            async with connect(served.socket, origin=origin) as socket:
                await message(socket)


async def test_a_client_that_reads_nothing_is_let_go(log: Log) -> None:
    async with (
        serving(realtime_queue=3, realtime_send_timeout=0.2) as served,
        connect(served.socket, max_queue=1) as idle,
        connect(served.socket) as reader,
    ):
        await message(idle)
        await message(reader)
        for number in range(1000):
            await log.append(BEDS, f"{number}", json.dumps("x" * BIG))
            assert (await message(reader))["event"] == "change"
            if served.app.state.places.open == 1:
                break
        assert served.app.state.places.open == 1
        idle.transport.abort()


async def test_what_a_client_sends_ends_it() -> None:
    async with serving() as served, connect(served.socket) as socket:
        await socket.send("hello")

        assert await closing(socket) == 1003


async def test_a_message_that_is_too_large_ends_it() -> None:
    async with serving(max_message_bytes=100) as served, connect(served.socket) as socket:
        await socket.send("x" * 1000)

        assert await closing(socket) == 1009


async def test_places_are_bounded_and_given_back() -> None:
    async with serving(realtime_per_address=1) as served:
        async with connect(served.socket) as socket:
            await message(socket)
            assert await refused(served.socket) == 429
        async with asyncio.timeout(PATIENCE_S):
            while served.app.state.places.open:  # noqa: ASYNC110  # nothing tells of it
                await asyncio.sleep(0.01)
        async with connect(served.socket) as socket:
            await message(socket)


async def test_without_redis_it_is_said_at_once(server: FakeServer) -> None:
    async with serving() as served:
        server.connected = False

        assert await refused(served.socket) == 503
        assert not served.app.state.places.open


async def test_a_token_that_came_as_a_subprotocol_is_not_said_again() -> None:
    async with serving() as served:
        protocols: Any = ["bearer", "a.b.c"]
        async with connect(served.socket, subprotocols=protocols) as socket:
            assert socket.subprotocol == "bearer"

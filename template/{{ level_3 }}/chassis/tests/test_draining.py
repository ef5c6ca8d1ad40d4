"""The end of a service, with clients whose connections are open."""

import asyncio
import signal
import time
from collections.abc import Iterator
from types import FrameType

import pytest
import uvicorn
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.app import build_app
from chassis.draining.stopping import Draining
from chassis.features import FeatureSettings


@pytest.fixture
def stopped() -> Iterator[asyncio.Event]:
    """Set when the server is told to stop; it stands in for that of uvicorn."""
    told = asyncio.Event()

    def handler(_number: int, _frame: FrameType | None) -> None:
        told.set()

    before = signal.signal(signal.SIGTERM, handler)
    yield told
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def app(stopped: asyncio.Event) -> FastAPI:
    return build_app("Garden", [], FeatureSettings(drain_time=60))


async def told_to_stop(draining: Draining) -> None:
    signal.raise_signal(signal.SIGTERM)
    await draining.begun.wait()


async def test_it_goes_on_answering_and_lets_go_of_clients(
    app: FastAPI, client: AsyncClient, stopped: asyncio.Event
) -> None:
    before = await client.get("/health")
    await told_to_stop(app.state.draining)
    after, ready = await client.get("/health"), await client.get("/ready")

    assert "connection" not in before.headers
    assert (after.status_code, after.headers["connection"]) == (200, "close")
    assert ready.status_code == 503
    assert {"field": "running", "detail": "Is stopping."} in ready.json()["errors"]
    assert not stopped.is_set()


async def test_it_stops_when_the_time_is_over(
    app: FastAPI, client: AsyncClient, stopped: asyncio.Event
) -> None:
    app.state.draining._seconds = 0.2
    begun = time.monotonic()
    await told_to_stop(app.state.draining)
    async with asyncio.timeout(5):
        await stopped.wait()
    assert time.monotonic() - begun > 0.1


async def test_it_takes_no_more_connections(stopped: asyncio.Event) -> None:
    async def nobody(_scope: object, _receive: object, _send: object) -> None:
        """Is never asked."""

    server = uvicorn.Server(uvicorn.Config(nobody))
    listener = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1")
    server.servers = [listener]
    address = listener.sockets[0].getsockname()
    signal.signal(signal.SIGTERM, server.handle_exit)
    draining = Draining(0.1)
    with draining.in_between():
        _, writer = await asyncio.open_connection(*address)
        writer.close()
        await told_to_stop(draining)
        assert not server.should_exit

        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*address)
        async with asyncio.timeout(5):
            while not server.should_exit:  # noqa: ASYNC110  # uvicorn has no event for it
                await asyncio.sleep(0.01)


async def test_a_second_signal_does_not_wait(
    app: FastAPI, client: AsyncClient, stopped: asyncio.Event
) -> None:
    await told_to_stop(app.state.draining)
    assert (await client.get("/health")).status_code == 200
    signal.raise_signal(signal.SIGTERM)
    async with asyncio.timeout(5):
        await stopped.wait()


async def test_the_signal_is_the_servers_again_afterwards(
    app: FastAPI, stopped: asyncio.Event
) -> None:
    async with app.router.lifespan_context(app):
        pass
    signal.raise_signal(signal.SIGTERM)

    assert stopped.is_set()


@pytest.mark.parametrize("seconds", [0, 60])
async def test_it_is_in_nobodys_way(seconds: float, stopped: asyncio.Event) -> None:
    """Without a time for it, and outside of the main thread, signals are as they were."""
    draining = Draining(seconds)

    def run() -> None:
        with draining.in_between():
            pass

    if seconds:
        await asyncio.to_thread(run)
    else:
        with draining.in_between():
            signal.raise_signal(signal.SIGTERM)
        assert stopped.is_set()
    assert not draining.begun.is_set()

"""A Redis in memory, and a data service that remembers what it was asked."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from fakeredis import FakeAsyncRedis, FakeServer

from chassis_redis import redis_client


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    """The Redis of every application; `connected = False` takes it away."""
    fake = FakeServer()
    monkeypatch.setattr(redis_client, "connect", lambda _settings: FakeAsyncRedis(server=fake))
    return fake


@pytest.fixture
async def redis(server: FakeServer) -> AsyncIterator[FakeAsyncRedis]:
    """A client of it."""
    client = FakeAsyncRedis(server=server)
    yield client
    await client.aclose()


class DataService:
    """Answers with a number that goes up with every request.

    Requests of the method `held` wait at the gate; `begun` says that one has come.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200
        self.delay = 0.0
        self.held = "none"
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        """Take note of a request; find first what will be answered, then wait."""
        self.asked.append(f"{request.method} {request.path_qs}")
        text, status = str(len(self.asked)), self.status
        if request.method == self.held:
            self.begun.set()
            await self.gate.wait()
        await asyncio.sleep(self.delay)
        return web.Response(text=text, status=status)


@pytest.fixture
def service() -> DataService:
    """A data service."""
    return DataService()


@pytest.fixture
async def address(service: DataService) -> AsyncIterator[str]:
    """Where it is."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", service.answer)
    async with TestServer(application) as running:
        yield str(running.make_url("")).rstrip("/")

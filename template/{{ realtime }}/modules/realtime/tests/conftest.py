"""A Redis in memory, and one audience, whatever the project has."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from fakeredis import FakeAsyncRedis, FakeServer

from chassis.events import Created
from chassis.features import FeatureSettings
from chassis_realtime import audiences
from chassis_realtime.log import Log
from chassis_realtime.testing.serving import AUDIENCE
from chassis_redis import redis_client


class Dug(Created):
    """A bed was dug."""

    type: Literal["bed.dug"] = "bed.dug"
    version: Literal[1] = 1
    data: dict[str, Any]


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Declare the audience."""
    module = SimpleNamespace(AUDIENCES={AUDIENCE: [Dug]})
    monkeypatch.setattr(audiences, "import_module", lambda _name: module)


@pytest.fixture(autouse=True)
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


@pytest.fixture
def log(redis: FakeAsyncRedis) -> Log:
    """The log, as the worker writes it."""
    return Log(redis, FeatureSettings())

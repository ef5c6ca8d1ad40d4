"""Whether a service is ready tells about Redis, and nothing else does."""

import pytest
from fakeredis import FakeServer
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.app import build_app
from chassis.features import FeatureSettings


@pytest.fixture
def app(server: FakeServer) -> FastAPI:
    return build_app("Tasks", [], FeatureSettings())


async def test_without_redis_a_service_is_ready_and_degraded(
    client: AsyncClient, server: FakeServer
) -> None:
    assert (await client.get("/ready")).status_code == 200
    server.connected = False

    answer = await client.get("/ready")

    assert answer.status_code == 200
    assert answer.json() == {"status": "degraded", "degraded": {"redis": "Redis does not answer."}}
    assert (await client.get("/health")).status_code == 200

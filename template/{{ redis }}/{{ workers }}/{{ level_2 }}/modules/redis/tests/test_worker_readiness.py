"""A worker whose cache is away does its work, and says what it misses."""

import pytest
from fakeredis import FakeServer

from chassis_workers.features import WorkerSettings
from chassis_workers.worker import build_worker


@pytest.mark.parametrize("away", [pytest.param(False, id="there"), pytest.param(True, id="away")])
async def test_without_redis_a_worker_is_only_degraded(server: FakeServer, *, away: bool) -> None:
    worker = build_worker("garden", [], [], WorkerSettings())
    async with worker.lifespan():
        server.connected = not away
        found = await worker.state.checks.findings()

    assert "redis" not in found.needed
    assert found.optional == ({"redis": "Redis does not answer."} if away else {})

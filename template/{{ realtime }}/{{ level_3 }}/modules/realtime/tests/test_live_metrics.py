"""What Prometheus is told of clients and messages."""

import asyncio

import pytest
from fakeredis import FakeServer
from websockets.asyncio.client import connect

from chassis_realtime import hub
from chassis_realtime.log import Log
from chassis_realtime.testing.serving import Served, serving

PATIENCE_S = 5


def value(served: Served, name: str, **labels: str) -> float | None:
    found: float | None = served.app.state.metrics.registry.get_sample_value(name, labels)
    return found


async def until(served: Served, number: float, name: str, **labels: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while value(served, name, **labels) != number:  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0.01)


async def test_clients_messages_and_ends_are_counted(log: Log) -> None:
    async with serving(realtime_connections=7) as served:
        assert value(served, "realtime_places") == 7
        async with connect(served.socket) as socket:
            await socket.recv()
            await log.append("beds", "1", "{}")
            await socket.recv()
            assert value(served, "realtime_connections") == 1
        await until(served, 0, "realtime_connections")

        assert value(served, "realtime_messages_total", kind="ready") == 1
        assert value(served, "realtime_messages_total", kind="change") == 1
        assert value(served, "realtime_ended_total", reason="client") == 1
        assert value(served, "realtime_ended_total", reason="slow") == 0


async def test_an_instance_that_hears_nothing_says_so(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "QUIET_S", 0.05)
    async with serving() as served, connect(served.socket) as socket:
        await socket.recv()
        server.connected = False
        await until(served, 0, "realtime_listening")
        server.connected = True
        await until(served, 1, "realtime_listening")


async def test_a_stream_is_no_request_that_is_slow() -> None:
    async with serving() as served:
        path = served.events.partition(served.address)[2]

    assert path in served.app.state.streams

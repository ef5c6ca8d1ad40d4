"""The bridge: what RabbitMQ hands out is in the log before it is confirmed."""

import json
from uuid import uuid4

import pytest
from fakeredis import FakeAsyncRedis, FakeServer

from chassis_rabbitmq.consuming.delivery import Delivery
from chassis_rabbitmq.consuming.failures import Refused, ServiceAway
from chassis_realtime.audiences import declared_audiences
from chassis_realtime.bridge import Bridge
from chassis_realtime.log import Log
from chassis_workers.features import WorkerSettings
from chassis_workers.worker import build_worker

BEDS = "beds"


def delivery(event_type: str = "bed.dug", version: int = 1) -> Delivery:
    body = {"id": str(uuid4()), "type": event_type, "version": version, "subject": str(uuid4())}
    return Delivery("live", "1", {}, 1, json.dumps(body).encode())


@pytest.fixture
def bridge(log: Log) -> Bridge:
    return Bridge(log, declared_audiences())


async def test_an_event_is_told_once_to_those_who_are_told_of_it(bridge: Bridge, log: Log) -> None:
    start, given = await log.newest(BEDS), delivery()

    for one in (given, given, delivery("bed.filled"), delivery(version=2)):
        await bridge.handle(one)

    assert [entry.data async for entry in log.after(BEDS, start)] == [given.body.decode()]


async def test_while_redis_is_away_an_event_waits(bridge: Bridge, server: FakeServer) -> None:
    server.connected = False

    with pytest.raises(ServiceAway):
        await bridge.handle(delivery())


async def test_what_is_no_event_is_refused(bridge: Bridge) -> None:
    with pytest.raises(Refused):
        await bridge.handle(Delivery("live", "1", {}, 1, b"{}"))


def test_the_worker_reads_in_order_from_one_queue(redis: FakeAsyncRedis) -> None:
    worker = build_worker("gardener", [], [], WorkerSettings())

    (queue,) = worker.queues

    assert queue.name == "gardener.live"
    assert queue.arguments is not None
    assert queue.arguments["x-single-active-consumer"] is True

"""A worker of one consumer and one job, over a broker in memory."""

import asyncio
import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from faststream.exceptions import SubscriberNotFound
from pydantic import ValidationError

from chassis.events import Created
from chassis.problems import Conflict
from chassis_rabbitmq.topology import TopologyError
from chassis_workers.__main__ import main
from chassis_workers.features import WorkerSettings
from chassis_workers.once import HEADER
from chassis_workers.tasks import Consumer, Job, Refused
from chassis_workers.testing.broker import MemoryBroker, running
from chassis_workers.worker import Worker, build_worker

SUBJECT = UUID(int=7)
MOMENT = dt.datetime(2026, 1, 31, 4, tzinfo=dt.UTC)


class OrderCreated(Created):
    type: Literal["order.created"] = "order.created"
    version: Literal[1] = 1
    data: dict[str, str]


class OrderCreatedV2(Created):
    type: Literal["order.created"] = "order.created"
    version: Literal[2] = 2
    data: list[str]


UNREADABLE = ValidationError.from_exception_data("Tea", [])
ORDER = OrderCreated(subject=SUBJECT, data={"what": "tea"})
ORDER_V2 = OrderCreatedV2(id=ORDER.id, subject=SUBJECT, data=["tea"])


@dataclass
class Shop:
    """Keeps what it is given; `failure` is raised instead while it is set."""

    orders: list[OrderCreated] = field(default_factory=list)
    orders_v2: list[OrderCreatedV2] = field(default_factory=list)
    bills: str = ""
    """Where bills are written to, if anywhere."""
    sums: list[dt.datetime] = field(default_factory=list)
    failure: Exception | None = None

    async def bill(self, event: OrderCreated, worker: Worker) -> None:
        if self.failure:
            raise self.failure
        self.orders.append(event)
        await self.write(worker)

    async def bill_v2(self, event: OrderCreatedV2, worker: Worker) -> None:
        self.orders_v2.append(event)
        await self.write(worker)

    async def write(self, worker: Worker) -> None:
        if self.bills:
            await worker.state.http.post(self.bills)

    async def sum_up(self, due: dt.datetime, _worker: Worker) -> None:
        self.sums.append(due)


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def worker(shop: Shop) -> Worker:
    consumers = [Consumer("bill", OrderCreated, shop.bill)]
    jobs = [Job("sum_up", "0 4 * * *", shop.sum_up)]
    return build_worker("shop_worker", consumers, jobs, WorkerSettings(worker_retry_delay=0.001))


def worker_of_two_versions(shop: Shop) -> Worker:
    consumers: list[Consumer[Any]] = [
        Consumer("bill", OrderCreated, shop.bill),
        Consumer("bill", OrderCreatedV2, shop.bill_v2),
    ]
    return build_worker("shop_worker", consumers, [], WorkerSettings())


async def test_an_event_is_handled(broker: MemoryBroker, shop: Shop) -> None:
    await broker.publish(ORDER)

    assert shop.orders == [ORDER]
    assert broker.settled == ["ACKED"]


async def test_each_version_goes_to_whom_it_is_for(shop: Shop) -> None:
    worker = worker_of_two_versions(shop)

    async with running(worker) as broker:
        await broker.publish(ORDER)
        await broker.publish(ORDER_V2)

    queues = [queue.name for queue in worker.subscriptions.queues]
    assert queues == ["shop_worker.bill.v1", "shop_worker.bill.v2"]
    assert (shop.orders, shop.orders_v2) == ([ORDER], [ORDER_V2])
    assert broker.settled == ["ACKED", "ACKED"]


async def test_another_version_does_not_come(broker: MemoryBroker) -> None:
    with pytest.raises(SubscriberNotFound):
        await broker.publish(ORDER_V2)


async def test_the_versions_of_an_event_write_under_one_key(shop: Shop) -> None:
    keys: list[str] = []

    async def note(request: web.Request) -> web.Response:
        keys.append(request.headers[HEADER])
        return web.Response()

    bills = web.Application()
    bills.router.add_post("/bills", note)
    worker = worker_of_two_versions(shop)
    async with TestServer(bills) as server, running(worker) as broker:
        shop.bills = str(server.make_url("/bills"))
        for event in (ORDER, ORDER_V2, ORDER):
            await broker.publish(event)

    assert keys == [f"shop_worker.bill/{ORDER.id}/1"] * 3


async def test_a_job_is_told_when_it_was_due(broker: MemoryBroker, shop: Shop) -> None:
    await broker.due("sum_up", MOMENT)

    assert shop.sums == [MOMENT]
    assert broker.settled == ["ACKED"]


@pytest.mark.parametrize(
    ("failure", "settled"),
    [
        pytest.param(LookupError("tea"), "REQUEUED", id="a bug"),
        pytest.param(Conflict("There is no tea."), "REQUEUED", id="an expected error"),
        pytest.param(Refused("Tea is not sold."), "REJECTED", id="a refusal"),
        pytest.param(UNREADABLE, "REQUEUED", id="an answer that cannot be read"),
    ],
)
async def test_what_fails_goes_back_and_what_is_refused_is_a_dead_letter(
    broker: MemoryBroker, shop: Shop, failure: Exception, settled: str
) -> None:
    shop.failure = failure

    await broker.publish(ORDER)

    assert broker.settled == [settled]


@pytest.mark.parametrize("attempt", ["5", "6"])
async def test_the_last_attempt_that_fails_makes_a_dead_letter(
    broker: MemoryBroker, shop: Shop, attempt: str
) -> None:
    shop.failure = LookupError("tea")

    await broker.publish(ORDER, x_delivery_count=attempt)

    assert broker.settled == ["REJECTED"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\xff{", id="no JSON"),
        pytest.param(b"{}", id="no event"),
        pytest.param(ORDER.model_dump_json(exclude={"id"}).encode(), id="no id"),
        pytest.param(
            ORDER.model_dump_json().replace('"version":1', '"version":2').encode(), id="newer"
        ),
    ],
)
async def test_what_cannot_be_read_is_a_dead_letter_at_once(
    broker: MemoryBroker, shop: Shop, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    await broker.publish_raw(body, "order.created.v1", "1")

    assert broker.settled == ["REJECTED"]
    assert shop.orders == []
    assert "OrderCreated: " in caplog.text
    assert "tea" not in caplog.text


async def test_others_are_handled_after_one_that_fails(broker: MemoryBroker, shop: Shop) -> None:
    shop.failure = LookupError("tea")
    await broker.publish(ORDER)
    shop.failure = None

    await broker.publish(ORDER)

    assert broker.settled == ["REQUEUED", "ACKED"]


@pytest.mark.parametrize(
    ("factory", "reason"),
    [
        ("no_such_module:create_worker", "No module named 'no_such_module'"),
        ("chassis_workers.worker:create_worker", "has no attribute 'create_worker'"),
        ("", "Empty module name"),
    ],
)
def test_a_factory_that_is_not_there_is_named(factory: str, reason: str) -> None:
    with pytest.raises(SystemExit, match=f"{factory}: must name a factory.*{reason}"):
        main([factory])


def test_two_tasks_cannot_have_one_queue(shop: Shop) -> None:
    jobs = [Job("sum_up", "0 4 * * *", shop.sum_up)] * 2

    with pytest.raises(ValueError, match="sum_up is the queue of two tasks"):
        build_worker("shop_worker", [], jobs, WorkerSettings())


def test_a_worker_has_what_its_features_add(worker: Worker) -> None:
    assert worker.state.settings.worker_retry_delay == 0.001
    assert worker.state.http.header_providers


async def test_without_jobs_nothing_is_done_meanwhile(shop: Shop) -> None:
    worker = worker_of_two_versions(shop)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await worker.meanwhile()


def test_queues_of_another_kind_are_told_in_a_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def run(_worker: Worker) -> None:
        raise TopologyError("RabbitMQ has it with other arguments")

    def create_worker() -> Worker:
        return build_worker("shop_worker", [], [], WorkerSettings())

    monkeypatch.setattr(Worker, "run", run)
    monkeypatch.setattr("chassis_workers.worker.create_worker", create_worker, raising=False)

    with pytest.raises(SystemExit) as ended:
        main(["chassis_workers.worker:create_worker"])

    assert ended.value.code == 1
    assert caplog.messages == ["RabbitMQ has it with other arguments"]

"""Events become pushes, each of which is settled for itself, whatever happens to the others."""

import asyncio
import datetime as dt
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from fakeredis import FakeAsyncRedis, FakeServer

from chassis.problems import Unavailable
from chassis.resilience import Guards
from chassis.schemas import Page
from chassis_rabbitmq.consuming.delivery import Delivery
from chassis_rabbitmq.consuming.failures import Refused, ServiceAway
from chassis_realtime import push, push_metrics
from chassis_realtime.audiences import declared_audiences, told_by_event
from chassis_realtime.devices import Kind, PushDeviceNew, PushDeviceQuery, PushDeviceRead
from chassis_realtime.push.passing import Passing
from chassis_realtime.push.providers import Answer, Notice, Outcome, ProviderAway
from chassis_realtime.push.sending import Sending
from chassis_realtime.push.spreading import Head, Spreading
from chassis_realtime.push.waiting import LEASE_S, Waiting
from chassis_realtime.testing.push_devices import MemoryDevices
from chassis_realtime.testing.push_services import PushServices
from chassis_workers.features import WorkerSettings
from chassis_workers.worker import build_worker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from prometheus_client import CollectorRegistry

BEDS = "beds"
LIFE_S = 600
NOW = dt.datetime.now(dt.UTC)


class Provider:
    """Answers as it is told to; notes whom it was to tell what."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.only_host: str | None = f"{kind}.example.com"
        self.answer: Answer | Exception | Callable[[], Awaitable[Answer]] = Answer(
            Outcome.DELIVERED
        )
        self.told: list[tuple[str, UUID]] = []
        self.named = "a.example.com"
        self.closed = False

    def host(self, _device: PushDeviceRead) -> str:
        return self.only_host or self.named

    async def send(self, device: PushDeviceRead, notice: Notice, life: int) -> Answer:
        assert 0 < life <= LIFE_S
        self.told.append((device.address, notice.id))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer if isinstance(self.answer, Answer) else await self.answer()

    async def close(self) -> None:
        self.closed = True


class Office:
    """All that pushes, in a time of its own."""

    def __init__(self, redis: FakeAsyncRedis, **other: Any) -> None:
        self.now = NOW
        given = {"push_life": LIFE_S, "push_concurrency": 10, "breaker_calls": 2}
        on = ["apns", "fcm", "web_push"]
        self.settings = WorkerSettings(**{**given, "push_providers": on, **other})
        self.devices = MemoryDevices()
        self.waiting = Waiting(redis, self.settings)
        self.apns, self.fcm = Provider("apns"), Provider("fcm")
        providers: dict[Kind, Provider] = {"apns": self.apns, "fcm": self.fcm}
        self.guards = {kind: Guards(self.settings) for kind in providers}
        self.passing = Passing(providers, self.guards)
        told = told_by_event(declared_audiences())
        self.spreading = Spreading(
            self.waiting, self.devices, told, self.settings, lambda: self.now
        )
        self.sending = Sending(
            self.waiting,
            self.devices,
            self.passing,
            self.settings,
            lambda: self.now,
        )
        self.outcomes: list[tuple[Kind, str]] = []
        self.sending.observers.append(lambda kind, what: self.outcomes.append((kind, what.value)))

    async def device(self, kind: Kind, audience: str = BEDS, life_s: float = 99) -> PushDeviceRead:
        new = PushDeviceNew(
            account="anna",
            audience=audience,
            kind=kind,
            address=uuid4().hex,
            roles=[],
            ends_at=dt.datetime.now(dt.UTC) + dt.timedelta(seconds=life_s),
        )
        return await self.devices.register(new)

    async def send(self, later_s: float = 0) -> None:
        """Send what is due so much later."""
        self.now += dt.timedelta(seconds=later_s)
        await self.sending()
        await self.sending.finish(5)


@pytest.fixture
def office(redis: FakeAsyncRedis) -> Office:
    return Office(redis)


def happened(event_type: str = "bed.dug", at: dt.datetime = NOW) -> Delivery:
    head = Head(id=uuid4(), type=event_type, version=1, subject=uuid4(), occurred_at=at)
    body = head.model_copy(update={"data": {"name": "roses"}}).model_dump_json()
    return Delivery("push", "1", {}, 1, body.encode())


async def test_each_device_of_those_who_are_told_is_told_once(office: Office) -> None:
    phones = [await office.device("apns") for _ in range(3)]
    tablet = await office.device("fcm")
    await office.device("apns", audience="paths")
    await office.device("web_push")
    given = happened()

    await office.spreading.handle(given)
    await office.send()
    await office.spreading.handle(given)  # RabbitMQ hands it out again
    await office.spreading.handle(happened("bed.filled"))
    await office.send(LEASE_S + 1)

    assert sorted(to for to, _ in office.apns.told) == sorted(one.address for one in phones)
    assert [to for to, _ in office.fcm.told] == [tablet.address]
    assert office.outcomes.count(("apns", "delivered")) == 3
    assert await office.waiting.number() == 0


async def test_a_fan_out_that_is_interrupted_goes_on_where_it_was(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones = [await office.device("apns") for _ in range(2)]
    given, list_ = happened(), office.devices.list

    async def away(query: PushDeviceQuery) -> Page[PushDeviceRead]:
        if query.cursor:
            raise ServiceAway("the data service")
        return await list_(query)

    monkeypatch.setattr(office.devices, "list", away)
    with pytest.raises(ServiceAway):
        await office.spreading.handle(given)
    await office.send()
    assert [to for to, _ in office.apns.told] == [phones[0].address]

    monkeypatch.setattr(office.devices, "list", list_)
    await office.spreading.handle(given)
    await office.send()

    assert [to for to, _ in office.apns.told] == [one.address for one in phones]


async def test_a_worker_that_dies_in_the_middle_loses_none(
    office: Office, redis: FakeAsyncRedis
) -> None:
    await office.device("apns")
    await office.spreading.handle(happened())
    assert len(await office.waiting.take(10, office.now.timestamp())) == 1  # and it dies

    await office.send()
    assert not office.apns.told
    await office.send(LEASE_S + 1)

    assert len(office.apns.told) == 1


async def test_what_is_in_a_record_is_neither_told_nor_kept(
    office: Office, redis: FakeAsyncRedis
) -> None:
    device = await office.device("apns")
    await office.spreading.handle(happened())

    kept = [await redis.get(name) for name in await redis.keys("*push:event*")]
    assert kept
    assert "roses" not in str(kept)
    assert device.address not in str(kept)


async def test_a_device_that_is_no_more_is_forgotten(office: Office) -> None:
    device = await office.device("apns")
    office.apns.answer = Answer(Outcome.GONE, reason="Unregistered")
    await office.spreading.handle(happened())

    await office.send()

    assert device.id not in office.devices.kept
    assert await office.waiting.number() == 0


async def test_a_device_that_cannot_be_forgotten_yet_is_not_told_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise Unavailable("away")

    await office.device("apns")
    await office.device("apns", life_s=-1)
    office.apns.answer = Answer(Outcome.GONE)
    monkeypatch.setattr(office.devices, "end", away)
    monkeypatch.setattr(office.devices, "forget_ended", away)
    await office.spreading.handle(happened())

    await office.send()

    assert await office.waiting.number() == 0


async def test_who_has_logged_out_or_ended_meanwhile_is_told_nothing(office: Office) -> None:
    out, ended = await office.device("apns"), await office.device("apns", life_s=-1)
    await office.spreading.handle(happened())
    await office.devices.end(out.id)

    await office.send()

    assert not office.apns.told
    assert ended.id not in office.devices.kept
    assert await office.waiting.number() == 0


async def test_a_provider_that_is_away_is_tried_again_and_holds_up_nobody(office: Office) -> None:
    await office.device("apns")
    await office.device("fcm")
    office.apns.answer = ProviderAway("status 503")
    await office.spreading.handle(happened())

    await office.send()
    assert len(office.fcm.told) == 1
    assert len(office.apns.told) == 1
    await office.send(0.5)
    assert len(office.apns.told) == 1, "it is not due yet"
    await office.send(1)
    assert len(office.apns.told) == 2
    await office.send(5)
    assert len(office.apns.told) == 2, "it keeps failing, and is left alone"
    assert office.outcomes.count(("apns", "away")) == 3
    assert len(office.devices.asked) == 3, "nor is the data service asked for its devices"

    guard = office.guards["apns"].before("apns.example.com")
    guard.breaker._open_until = 0  # it has been left alone for long enough
    office.apns.answer = Answer(Outcome.DELIVERED)
    await office.send(60)
    assert office.outcomes[-1] == ("apns", "delivered")


async def test_hosts_that_clients_name_are_each_left_alone_for_themselves(
    office: Office,
) -> None:
    other = await office.device("fcm")
    office.fcm.only_host = None
    office.fcm.answer = ProviderAway("status 503")
    tries_at = {"a.example.com": 3, "b.example.com": 1}
    notice = Notice(uuid4(), "bed.dug", uuid4(), NOW)
    for host, tries in tries_at.items():
        office.fcm.named = host
        for _ in range(tries):
            await office.passing(other, notice, 1)

    assert len(office.fcm.told) == 3, "the third try at the first host was not made"
    assert not office.passing.leaves_alone("fcm")


async def test_what_a_provider_asks_for_is_kept_to(office: Office) -> None:
    await office.device("fcm")
    office.fcm.answer = Answer(Outcome.LATER, after=120)
    await office.spreading.handle(happened())
    await office.send()

    for seconds, tries in ((60, 1), (59, 1), (2, 2)):
        await office.send(seconds)
        assert len(office.fcm.told) == tries


async def test_a_push_is_given_up_when_it_is_too_old(office: Office) -> None:
    await office.device("fcm")
    await office.spreading.handle(happened(at=NOW - dt.timedelta(seconds=LIFE_S - 10)))

    await office.send(11)
    await office.spreading.handle(happened(at=NOW - dt.timedelta(seconds=LIFE_S)))

    assert office.outcomes == [("fcm", "expired")]
    assert await office.waiting.number() == 0


async def test_what_is_refused_is_given_up_and_the_device_stays(office: Office) -> None:
    device = await office.device("fcm")
    office.fcm.answer = Answer(Outcome.REFUSED, reason="INVALID_ARGUMENT")
    await office.spreading.handle(happened())

    await office.send()

    assert device.id in office.devices.kept
    assert await office.waiting.number() == 0


async def test_a_host_that_is_slow_takes_no_more_than_its_share(redis: FakeAsyncRedis) -> None:
    office = Office(redis, bulkhead_calls=2, bulkhead_patience=0.01)
    for _ in range(5):
        await office.device("apns")
    await office.device("fcm")
    over = asyncio.Event()

    async def slow() -> Answer:
        await over.wait()
        return Answer(Outcome.DELIVERED)

    office.apns.answer = slow
    await office.spreading.handle(happened())
    await office.sending()
    async with asyncio.timeout(5):
        while len(office.outcomes) < 4:  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0.01)

    assert sorted(office.outcomes) == [("apns", "later")] * 3 + [("fcm", "delivered")]
    over.set()
    await office.sending.finish(5)
    assert len(office.apns.told) == 2


async def test_what_is_under_way_at_the_end_is_tried_by_somebody_else(office: Office) -> None:
    await office.device("apns")

    async def endless() -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    office.apns.answer = endless
    await office.spreading.handle(happened())
    await office.sending()
    await office.sending.finish(0.05)

    assert await office.waiting.number() == 1


async def test_no_more_are_taken_than_there_are_places(office: Office) -> None:
    for _ in range(12):
        await office.device("apns")
    await office.spreading.handle(happened())

    assert await office.sending() == 10
    assert await office.sending() == 1, "to be asked again soon"
    await office.sending.finish(5)
    assert await office.sending() == 2
    await office.sending.finish(5)
    assert await office.sending() == 0


async def test_while_redis_is_away_events_wait_in_rabbitmq(
    office: Office, server: FakeServer
) -> None:
    await office.device("apns")
    server.connected = False

    with pytest.raises(ServiceAway, match="Redis"):
        await office.spreading.handle(happened())
    assert await office.sending() == 0


async def test_events_wait_where_too_many_pushes_do(redis: FakeAsyncRedis) -> None:
    office = Office(redis, push_waiting=1)
    await office.device("apns")
    await office.spreading.handle(happened())

    with pytest.raises(ServiceAway, match="so many"):
        await office.spreading.handle(happened())


async def test_a_push_waits_while_the_data_service_or_redis_is_away(
    office: Office, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.device("apns")
    await office.spreading.handle(happened())
    due = office.devices.due

    async def away(_device: UUID) -> PushDeviceRead | None:
        raise Unavailable("away")

    async def odd(_device: UUID) -> PushDeviceRead | None:
        raise RuntimeError("odd")

    async def cut(device: UUID) -> PushDeviceRead | None:
        server.connected = False
        return await due(device)

    for one in (away, odd, cut):
        monkeypatch.setattr(office.devices, "due", one)
        await office.send(LEASE_S + 1)
    server.connected = True

    assert await office.waiting.number() == 1


async def test_what_many_pushes_wait_for_is_logged_once_a_round(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def away(_device: UUID) -> PushDeviceRead | None:
        raise Unavailable("the data service is away")

    for _ in range(3):
        await office.device("apns")
    await office.spreading.handle(happened())
    monkeypatch.setattr(office.devices, "due", away)

    await office.send()
    assert caplog.text.count("the data service is away") == 1
    await office.send(LEASE_S + 1)
    assert caplog.text.count("the data service is away") == 2
    await office.send(LIFE_S)
    assert await office.waiting.number() == 0, "what is too old is given up, nevertheless"


async def test_what_is_no_event_is_refused(office: Office) -> None:
    with pytest.raises(Refused):
        await office.spreading.handle(Delivery("push", "1", {}, 1, b"{}"))


def test_a_worker_that_pushes_by_nothing_has_no_queue_for_it(redis: FakeAsyncRedis) -> None:
    worker = build_worker("gardener", [], [], WorkerSettings())

    assert [queue.name for queue in worker.queues] == ["gardener.live"]


async def test_a_worker_that_pushes_has_a_queue_of_its_own_and_counts(
    office: Office, server: FakeServer
) -> None:
    services = PushServices(address="http://127.0.0.1:9")
    settings = WorkerSettings(**services.settings())
    worker = build_worker("gardener", [], [], settings)
    registry: CollectorRegistry = worker.state.metrics.registry
    labels = {"provider": "fcm", "outcome": "away"}

    assert {queue.name for queue in worker.queues} == {"gardener.live", "gardener.push"}
    assert registry.get_sample_value("pushes_total", labels) == 0
    await office.device("apns")
    await office.spreading.handle(happened())
    waiting = worker.state.metrics.sources[-1]
    assert [one.samples[0].value for one in await waiting()] == [1]
    server.connected = False
    assert await waiting() == []
    server.connected = True
    for observe in worker.state.push.observers:
        observe("fcm", Outcome.AWAY)
    assert registry.get_sample_value("pushes_total", labels) == 1
    guards = worker.state.push._passing._guards
    assert set(guards) == {"apns", "fcm", "web_push"}, "FCM and Chrome have the same host"
    assert worker.state.guards not in guards.values(), "whose hosts are labels"

    async with push.lifespan(worker, settings):
        worker.state.push_providers = {"apns": (provider := Provider("apns"))}
    async with push.lifespan(worker, settings):
        pass
    assert provider.closed


async def test_a_worker_that_pushes_by_nothing_has_nothing_to_hold_open(
    redis: FakeAsyncRedis,
) -> None:
    worker = build_worker("gardener", [], [], WorkerSettings())

    async with push.lifespan(worker, worker.state.settings):
        push_metrics.install(worker, object())

    assert worker.state.push_providers == {}


def test_a_push_ends_before_another_worker_takes_it() -> None:
    longest = 15
    assert WorkerSettings(push_timeout=longest).push_timeout == longest
    with pytest.raises(ValueError, match="less than or equal to 15"):
        WorkerSettings(push_timeout=longest + 1)

    # One call for a token, one for the push, and as long again for all else.
    assert 4 * longest <= LEASE_S


def test_credentials_that_are_missing_are_told_in_a_line(redis: FakeAsyncRedis) -> None:
    with pytest.raises(SystemExit, match="settings: PUSH_APNS_KEY must be set to push by apns"):
        build_worker("gardener", [], [], WorkerSettings(push_providers=["apns"]))

"""What comes from the cache, and what must not."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from fakeredis import FakeAsyncRedis, FakeServer

from chassis import http_client
from chassis.app import assemble
from chassis.features import FeatureSettings
from chassis.http_client import HttpClient, Reply
from chassis.problems import OutcomeUnknown
from chassis_redis import cache, redis_client
from chassis_redis.cache.answers import Answers, Kept
from chassis_redis.cache.http import CachedHttp

TASKS, ONE, USERS = "/api/v1/tasks", "/api/v1/tasks/1", "/api/v1/users"
PAUSE_S = 0.1


class Settings(FeatureSettings):
    data_api_url: str = ""
    other_api_url: str = ""


class Caller:
    """Calls the data service as an adapter does."""

    def __init__(self, http: CachedHttp, address: str) -> None:
        self.http = http
        self.address = address

    async def get(self, path: str, **params: Any) -> str:
        reply = await self.http.get(f"{self.address}{path}", params=params)
        return reply.body.decode()

    async def get_as(self, path: str, **headers: str) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return (await self.http.get(f"{self.address}{path}", headers=named)).body.decode()

    async def write(self, method: str, path: str) -> Reply:
        reply: Reply = await getattr(self.http, method)(f"{self.address}{path}")
        return reply


@asynccontextmanager
async def running(address: str, **given: Any) -> AsyncIterator[Caller]:
    """Run a business service in front of the data service."""
    settings = Settings(data_api_url=address, **given)
    app = assemble("Tasks", [], settings, [http_client, redis_client, cache])
    async with app.router.lifespan_context(app):
        yield Caller(app.state.http, address)


@pytest.fixture
async def caller(server: FakeServer, address: str) -> AsyncIterator[Caller]:
    """A business service whose cache is tried again soon after a failure."""
    async with running(address, cache_pause=PAUSE_S) as found:
        yield found


async def test_the_same_question_is_asked_once(caller: Caller, service: Any) -> None:
    first = await caller.get(TASKS, limit=5, sort="title", cursor=None)
    again = await caller.get(TASKS, sort="title", limit=5)

    assert (first, again) == ("1", "1")
    assert service.asked == [f"GET {TASKS}?limit=5&sort=title"]


async def test_another_question_is_asked(caller: Caller) -> None:
    answers = [await caller.get(path) for path in (TASKS, ONE, USERS)]

    assert [*answers, await caller.get(TASKS, limit=5)] == ["1", "2", "3", "4"]


async def test_another_service_of_the_project_finds_it_too(caller: Caller, address: str) -> None:
    first = await caller.get(ONE)

    async with running(address) as another:
        assert await another.get(ONE) == first


async def test_what_is_decided_on_is_asked_for_and_kept_for_others(caller: Caller) -> None:
    first = await caller.get(ONE)

    fresh = await caller.get_as(ONE, cache_control="no-cache")

    assert fresh != first
    assert await caller.get(ONE) == fresh


@pytest.mark.parametrize("header", ["authorization", "x_tenant", "cookie", "accept_language"])
async def test_what_one_was_answered_is_for_no_other(caller: Caller, header: str) -> None:
    mine = await caller.get_as(ONE, **{header: "mine"})
    other = await caller.get_as(ONE, **{header: "another"})

    assert len({mine, other, await caller.get(ONE)}) == 3
    assert await caller.get_as(ONE, **{header.upper(): "mine"}) == mine


async def test_what_a_provider_sends_tells_apart_who_asks(caller: Caller) -> None:
    caller.http.header_providers.append(lambda: {"Authorization": next(tokens)})
    tokens = iter(["a", "a", "b", "b", "a"])  # a call that is made asks the provider once more

    answers = [await caller.get(ONE) for _ in range(3)]

    assert answers == ["1", "2", "1"]


async def test_where_a_call_belongs_tells_nobody_apart(caller: Caller) -> None:
    first = await caller.get_as(ONE, traceparent="1")

    assert await caller.get_as(ONE, traceparent="2") == first


async def test_a_header_that_says_nothing_of_who_asks_tells_nobody_apart(caller: Caller) -> None:
    numbers = itertools.count()
    caller.http.header_providers.append(lambda: {"X-Number": str(next(numbers))})
    caller.http.neutral_headers.add("x-number")

    assert await caller.get(ONE) == await caller.get(ONE)


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", TASKS), ("put", ONE), ("patch", ONE), ("delete", ONE), ("post", f"{ONE}/notes")],
)
async def test_a_write_ends_the_answers_of_its_collection(
    caller: Caller, method: str, path: str
) -> None:
    before = [await caller.get(TASKS), await caller.get(ONE), await caller.get(USERS)]

    await caller.write(method, path)

    after = [await caller.get(TASKS), await caller.get(ONE), await caller.get(USERS)]
    assert after[0] != before[0]
    assert after[1] != before[1]
    assert after[2] == before[2]


async def test_an_answer_from_before_a_write_is_not_kept_after_it(
    caller: Caller, service: Any
) -> None:
    await caller.get(TASKS)  # the collection has a generation
    service.held = "GET"
    slow = asyncio.create_task(caller.get(ONE))
    await service.begun.wait()
    await caller.write("patch", ONE)
    service.gate.set()

    old = await slow

    assert await caller.get(ONE) != old


async def test_nothing_is_kept_or_found_during_a_write(caller: Caller, service: Any) -> None:
    await caller.get(ONE)
    service.held = "PATCH"
    write = asyncio.create_task(caller.write("patch", ONE))
    await service.begun.wait()

    during = [await caller.get(ONE), await caller.get(ONE)]

    service.gate.set()
    await write
    assert during == ["3", "4"]
    assert await caller.get(ONE) == "5"


async def test_a_write_without_an_answer_may_yet_be_carried_out(
    address: str, service: Any, redis: FakeAsyncRedis
) -> None:
    async with running(address, http_timeout=0.4) as caller:
        await caller.get(ONE)
        service.delay = 1
        with pytest.raises(OutcomeUnknown):
            await caller.write("patch", ONE)
        service.delay = 0

        [generation] = await redis.keys("*:generation:*")
        assert await redis.pttl(generation) > 500  # since the time-out, not since the call
        assert await caller.get(ONE) != await caller.get(ONE)
        await asyncio.sleep(0.9)  # more than twice the time-out
        assert await caller.get(ONE) == await caller.get(ONE)


@pytest.mark.parametrize("status", [201, 404, 422, 500])
async def test_only_a_plain_success_is_kept(caller: Caller, service: Any, status: int) -> None:
    service.status = status

    assert await caller.get(ONE) != await caller.get(ONE)


async def test_an_answer_grows_old(server: FakeServer, address: str) -> None:
    async with running(address, cache_ttl=0.05) as caller:
        first = await caller.get(ONE)
        await asyncio.sleep(0.1)

        assert await caller.get(ONE) != first


async def test_other_services_are_not_cached_unless_it_is_said(
    server: FakeServer, address: str
) -> None:
    for cached, same in ((["data_api"], False), (["data_api", "other_api"], True)):
        settings = {"other_api_url": address, "cached_services": cached}
        async with running("http://127.0.0.1:1", **settings) as caller:
            caller.address = address
            assert (await caller.get(ONE) == await caller.get(ONE)) is same


@pytest.mark.parametrize("settings", [{"cache_ttl": 0}, {"cached_services": []}])
async def test_it_can_be_turned_off(
    server: FakeServer, address: str, settings: dict[str, Any]
) -> None:
    async with running(address, **settings) as caller:
        assert await caller.get(ONE) != await caller.get(ONE)


async def test_what_belongs_to_no_collection_is_passed_on(caller: Caller, service: Any) -> None:
    assert await caller.get("") != await caller.get("")
    assert (await caller.write("post", "")).status == 200


async def test_keys_that_were_lost_do_no_harm(caller: Caller, redis: FakeAsyncRedis) -> None:
    first = await caller.get(ONE)
    generation = [key for key in await redis.keys() if b":generation:" in key]
    await redis.delete(*generation)

    second = await caller.get(ONE)

    assert second != first
    assert await caller.get(ONE) == second


async def test_an_answer_that_was_cut_is_asked_for_again(
    caller: Caller, redis: FakeAsyncRedis
) -> None:
    await caller.get(ONE)
    [name] = [key for key in await redis.keys() if b":answer:" in key]
    whole = cast("bytes", await redis.get(name))

    for number, cut in enumerate((whole[:-1], whole[:20], whole[:16], b"", whole + b"!"), 2):
        await redis.set(name, cut)
        assert await caller.get(ONE) == str(number)


async def test_without_redis_everything_is_answered(
    caller: Caller, server: FakeServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "chassis_redis")
    kept = await caller.get(ONE)
    server.connected = False

    without = [await caller.get(ONE) for _ in range(3)]
    await asyncio.sleep(PAUSE_S)
    without.append(await caller.get(ONE))
    server.connected = True
    await asyncio.sleep(PAUSE_S)
    assert await caller.get(ONE) == kept

    assert without == ["2", "3", "4", "5"]
    told = [record for record in caplog.records if record.name.startswith("chassis_redis")]
    assert [record.levelname for record in told] == ["WARNING", "INFO"]


async def test_a_write_without_redis_is_made_up_for(caller: Caller, server: FakeServer) -> None:
    old = await caller.get(ONE)
    server.connected = False
    await caller.write("patch", ONE)
    await caller.write("patch", ONE)
    server.connected = True
    await asyncio.sleep(PAUSE_S)

    new = await caller.get(ONE)

    assert new != old
    assert await caller.get(ONE) == new


async def test_a_write_that_fails_while_an_earlier_one_is_made_up_for_is_not_forgotten(
    redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Answers(redis, Settings())
    broken = [True]
    set_as_it_is = redis.set

    async def set_with_trouble(*arguments: Any, **options: Any) -> Any:
        if broken:
            broken.pop()
            raise ConnectionError
        done = await set_as_it_is(*arguments, **options)
        if not renewed:
            renewed.append(arguments[1])
            answers._owed[TASKS] = object()  # what a write adds that does not reach Redis
        return done

    renewed: list[Any] = []
    monkeypatch.setattr(redis, "set", set_with_trouble)
    await answers.renew(TASKS)
    answers._resume_at = 0

    await answers.find(USERS, "users")
    assert TASKS in answers._owed
    await answers.find(USERS, "users")
    assert answers._owed == {}


async def test_a_write_that_begins_between_two_commands_closes(
    redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Answers(redis, Settings())
    mget_as_it_is = redis.mget

    async def mget_then_write(keys: Any) -> Any:
        found = await mget_as_it_is(keys)
        await answers.close(TASKS)
        return found

    monkeypatch.setattr(redis, "mget", mget_then_write)

    assert await answers.find(TASKS, "tasks") == Kept()
    monkeypatch.undo()
    assert await answers.find(TASKS, "tasks") == Kept()


async def test_a_redis_that_hangs_is_not_waited_for(
    server: FakeServer, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = 0

    async def hang(*_: object) -> None:
        nonlocal hanging
        hanging += 1
        await asyncio.sleep(60)

    async with running(address, redis_timeout=0.1) as caller:
        monkeypatch.setattr(FakeAsyncRedis, "mget", hang)
        started = time.monotonic()
        for _ in range(5):
            await caller.get(ONE)

    assert hanging == 1
    assert time.monotonic() - started < 2


async def test_the_headers_of_all_calls_are_those_of_the_client(caller: Caller) -> None:
    inner: Any = caller.http
    while not isinstance(inner, HttpClient):
        inner = inner._inner

    assert caller.http.header_providers is inner.header_providers

"""A POST with a key: carried out once, whatever happens."""

import asyncio
import base64
import hashlib
import json
import logging
import re
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from fastapi import APIRouter, BackgroundTasks, FastAPI, Request, Response
from httpx2 import ASGITransport, AsyncClient

from chassis import access_log, body_limit, http_client, problems
from chassis.access_log import LOGGER
from chassis.app import assemble
from chassis.features import FeatureSettings
from chassis.problems import Conflict, Unavailable
from chassis_redis import idempotency, redis_client
from chassis_redis.idempotency.records import Records

KEY = "Idempotency-Key"
ONE = {KEY: "8e03978e-40d5-43dd-bc93-6894a57f9324"}
URL = "/orders"
LOST = "nobody knows what was done"

type Answer = dict[str, Any]


class Shop:
    """A service with one thing to do, and what it shall answer."""

    def __init__(self) -> None:
        self.done: list[bytes] = []
        self.error: Exception | None = None
        self.writes_to = ""
        self.cookie = ""
        self.caching = ""
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def order(self, request: Request, response: Response) -> Answer:
        self.done.append(await request.body())
        self.begun.set()
        await self.gate.wait()
        if self.writes_to:
            await request.app.state.http.post(f"{self.writes_to}/api/v1/orders")
        if self.error:
            raise self.error
        response.headers["Location"] = f"{URL}/{len(self.done)}"
        if self.caching:
            response.headers["Cache-Control"] = self.caching
        if self.cookie:
            response.set_cookie("session", self.cookie)
        return {"number": len(self.done)}


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def writing(shop: Shop, address: str) -> Shop:
    """The same, where an order is a write to a data service."""
    shop.writes_to = address
    return shop


@pytest.fixture
def settings() -> dict[str, Any]:
    return {}


@pytest.fixture
def app(server: FakeServer, shop: Shop, settings: dict[str, Any]) -> FastAPI:
    router = APIRouter()
    for method in ("POST", "PUT"):
        router.add_api_route(URL, shop.order, methods=[method], status_code=201)
    router.add_api_route("/others", shop.order, methods=["POST"])
    knowing = {"x-knows-keys": True}
    router.add_api_route("/{what}/kept", shop.order, methods=["POST"], openapi_extra=knowing)
    router.add_api_route("/shelves/{shelf}/orders", shop.order, methods=["POST"])
    return built(router, max_body_bytes=1000, **settings)


def built(router: APIRouter, **settings: Any) -> FastAPI:
    """Build a service of a few features: all of them would take longer than a test."""
    features = [http_client, redis_client, idempotency, body_limit, problems, access_log]
    return assemble("Shop", [router], FeatureSettings(**settings), features)


async def test_a_repeat_gets_the_first_answer(client: AsyncClient, shop: Shop) -> None:
    first = await client.post(URL, headers=ONE, content=b"\xff tea")
    again = await client.post(URL, headers=ONE, content=b"\xff tea")

    assert shop.done == [b"\xff tea"]
    assert (first.status_code, first.json()) == (201, {"number": 1})
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["content-type"] == first.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"


async def test_a_repeat_is_told_by_its_route(
    client: AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    for _ in range(2):
        await client.post("/shelves/7/orders", headers=ONE)

    told = [record.getMessage() for record in caplog.records if record.name == LOGGER]
    assert [line.rsplit(" ", 2)[0] for line in told] == ["POST /shelves/{shelf}/orders 200"] * 2


async def test_cookies_are_not_repeated(client: AsyncClient, shop: Shop) -> None:
    shop.cookie = "secret"
    assert "set-cookie" in (await client.post(URL, headers=ONE)).headers
    client.cookies.clear()
    assert "set-cookie" not in (await client.post(URL, headers=ONE)).headers


async def test_an_answer_that_asks_not_to_be_kept_is_not(
    client: AsyncClient, shop: Shop, server: FakeServer
) -> None:
    shop.caching = "private, No-Store"

    first = await client.post(URL, headers=ONE)
    again = await client.post(URL, headers=ONE)

    assert (first.status_code, len(shop.done)) == (201, 1)
    assert again.status_code == 409
    assert "was not kept" in again.json()["detail"]
    redis = FakeAsyncRedis(server=server)
    kept = str([await redis.get(key) for key in await redis.keys()])
    assert "fingerprint" in kept
    assert base64.b64encode(first.content).decode() not in kept


async def kept_in(redis: FakeAsyncRedis) -> str:
    """Give all that Redis keeps, names and values, and forget it."""
    names = await redis.keys()
    kept = str([(name, await redis.get(name)) for name in names])
    await redis.flushall()
    return kept


@pytest.mark.parametrize("secret", ["", "s" * 32], ids=["none", "secret"])
async def test_a_password_cannot_be_tried_out_on_what_is_kept(
    server: FakeServer, shop: Shop, redis: FakeAsyncRedis, secret: str
) -> None:
    router = APIRouter()
    router.add_api_route(URL, shop.order, methods=["POST"])
    shop.caching = "no-store"  # as who logs in is answered
    shops = [built(router, idempotency_secret=one) for one in ("o" * 32, secret)]
    password, basic = b"correct horse battery staple", b"Basic Y29ycmVjdCBob3JzZQ=="
    kept = []

    for app in shops:
        transport = ASGITransport(app=app)
        async with AsyncClient(transport=transport, base_url="http://shop") as http:
            sent = {**ONE, "Authorization": basic.decode()}
            assert (await http.post(URL, headers=sent, content=password)).is_success
        kept.append(await kept_in(redis))

    theirs, ours = ({*re.findall("[0-9a-f]{64}", text)} for text in kept)
    assert len(theirs) == len(ours) == 2  # the name, and the fingerprint
    assert not theirs & ours  # who has not the secret makes something else of what was sent
    for said in (password, basic, b"authorization:" + basic):
        once = hashlib.sha256(said)
        for known in (said.decode(), once.hexdigest(), base64.b64encode(once.digest()).decode()):
            assert known not in kept[1]


async def test_without_a_key_everything_is_carried_out(client: AsyncClient, shop: Shop) -> None:
    for _ in range(2):
        assert (await client.post(URL)).status_code == 201

    assert len(shop.done) == 2


async def test_a_key_is_for_post_only(client: AsyncClient, shop: Shop) -> None:
    for _ in range(2):
        assert (await client.put(URL, headers=ONE)).status_code == 201

    assert len(shop.done) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"content": b"coffee"},
        {"url": "/others"},
        {"params": {"fast": "1"}},
        {"headers": {"Cookie": "session=another"}},
    ],
    ids=str,
)
async def test_a_key_stands_for_one_request(
    client: AsyncClient, shop: Shop, change: dict[str, Any]
) -> None:
    request: dict[str, Any] = {"url": URL, "content": b"tea"}
    await client.post(**request, headers=ONE)
    changed = request | change | {"headers": ONE | change.get("headers", {})}

    answer = await client.post(**changed)

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert "another request" in answer.json()["detail"]
    assert "retry-after" not in answer.headers
    assert len(shop.done) == 1


@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key", "Proxy-Authorization"])
async def test_the_same_key_from_somebody_else_is_another_one(
    client: AsyncClient, shop: Shop, header: str
) -> None:
    mine = await client.post(URL, headers=ONE | {header: "mine"})
    other = await client.post(URL, headers=ONE | {header: "another"}, content=b"coffee")
    again = await client.post(URL, headers=ONE | {header: "mine"})

    assert [answer.json()["number"] for answer in (mine, other, again)] == [1, 2, 1]
    assert len(shop.done) == 2


@pytest.mark.parametrize("settings", [{"idempotency_scope": ["X-Tenant"]}])
async def test_tenants_can_be_told_apart(client: AsyncClient, shop: Shop) -> None:
    for tenant in ("one", "two", "one"):
        headers = ONE | {"X-Tenant": tenant, "Authorization": f"Bearer {len(shop.done)}"}
        assert (await client.post(URL, headers=headers)).status_code == 201

    assert len(shop.done) == 2


async def test_headers_cannot_be_shifted_into_one_another(client: AsyncClient, shop: Shop) -> None:
    """Who asks is told by whole headers, not by what they make up together."""
    pairs = [("a", "b"), ("a:b", ""), ("", "a:b")]
    for token, key in pairs:
        headers = ONE | {"Authorization": token, "X-Api-Key": key}
        assert (await client.post(URL, headers=headers)).json()["number"] == len(shop.done)

    assert len(shop.done) == len(pairs)


async def test_of_many_at_once_one_is_carried_out(client: AsyncClient, shop: Shop) -> None:
    shop.gate.clear()
    refused: list[Any] = []
    posts = {asyncio.create_task(client.post(URL, headers=ONE)) for _ in range(20)}
    while len(posts) > 1:
        done, posts = await asyncio.wait(posts, return_when=asyncio.FIRST_COMPLETED)
        refused += [task.result() for task in done]
    shop.gate.set()
    first = await posts.pop()

    assert first.status_code == 201
    assert {answer.status_code for answer in refused} == {409}
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert len(shop.done) == 1
    assert (await client.post(URL, headers=ONE)).json() == first.json()


@pytest.mark.parametrize("value", [b"", b"x" * 256, b"two words", "Ключ".encode(), b"tab\there"])
async def test_a_key_has_a_form(client: AsyncClient, shop: Shop, value: bytes) -> None:
    answer = await client.post(URL, headers=[(KEY.encode(), value)])

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == KEY
    assert shop.done == []


@pytest.mark.parametrize(
    ("left", "status"),
    [
        ("garbage", 409),
        ("{}", 409),
        ('{"fingerprint": 1, "owner": "", "state": "?", "since": "now"}', 409),
        (None, 201),  # as it is, with a field that a later version has
    ],
)
async def test_what_another_version_has_left_is_read_or_lost(
    client: AsyncClient, shop: Shop, server: FakeServer, left: str | None, status: int
) -> None:
    first = await client.post(URL, headers=ONE)
    redis = FakeAsyncRedis(server=server)
    [name] = await redis.keys()
    kept = json.loads(await redis.get(name) or "") | {"later": "?"}
    await redis.set(name, json.dumps(kept) if left is None else left)

    again = await client.post(URL, headers=ONE)

    assert (again.status_code, len(shop.done)) == (status, 1)
    assert again.content == first.content if status == 201 else LOST in again.json()["detail"]


async def test_a_route_that_knows_its_keys_is_left_to_do_so(
    client: AsyncClient, server: FakeServer
) -> None:
    answers = [await client.post("/orders/kept", headers=ONE) for _ in range(2)]

    assert [one.json() for one in answers] == [{"number": 1}, {"number": 2}]
    assert await FakeAsyncRedis(server=server).keys() == []


async def test_two_keys_are_none(client: AsyncClient) -> None:
    answer = await client.post(URL, headers=[(KEY, "one"), (KEY, "two")])

    assert answer.status_code == 422


@pytest.mark.parametrize("error", [Conflict("No."), Unavailable("Later.")])
async def test_after_a_refusal_the_key_is_free(
    client: AsyncClient, shop: Shop, error: Exception
) -> None:
    shop.error = error
    assert (await client.post(URL, headers=ONE)).status_code in {409, 503}
    shop.error = None

    answer = await client.post(URL, headers=ONE, content=b"corrected")

    assert answer.status_code == 201


async def test_what_was_refused_after_a_write_is_not_done_again(
    client: AsyncClient, writing: Shop
) -> None:
    writing.error = Conflict("No.")
    first = await client.post(URL, headers=ONE)
    again = await client.post(URL, headers=ONE)

    assert (again.status_code, again.json()) == (409, first.json())
    assert len(writing.done) == 1


@pytest.mark.parametrize("status", [409, 422, 503])
async def test_a_write_that_was_refused_is_none(
    client: AsyncClient, writing: Shop, service: Any, status: int
) -> None:
    writing.error, service.status = Unavailable("Later."), status
    assert (await client.post(URL, headers=ONE)).status_code == 503
    writing.error, service.status = None, 201

    assert (await client.post(URL, headers=ONE)).status_code == 201


async def test_a_write_that_was_never_sent_is_none(
    client: AsyncClient, shop: Shop, address: str
) -> None:
    shop.writes_to = "http://127.0.0.1:1"
    assert (await client.post(URL, headers=ONE)).status_code == 503
    shop.writes_to = address

    assert (await client.post(URL, headers=ONE)).status_code == 201


async def test_a_write_without_an_answer_may_have_been_one(
    app: FastAPI, client: AsyncClient, writing: Shop, service: Any
) -> None:
    service.delay = 0.5
    app.state.settings.http_timeout = 0.1
    first = await client.post(URL, headers=ONE)
    assert (first.status_code, first.json()["type"]) == (504, "urn:problem:outcome-unknown")
    assert "retry-after" not in first.headers

    answer = await client.post(URL, headers=ONE)

    assert answer.status_code == 409
    assert LOST in answer.json()["detail"]
    assert "retry-after" not in answer.headers
    assert len(writing.done) == 1


async def test_after_an_unexpected_error_nobody_knows(client: AsyncClient, shop: Shop) -> None:
    shop.error = LookupError("oops")
    assert (await client.post(URL, headers=ONE)).status_code == 500
    shop.error = None

    answer = await client.post(URL, headers=ONE)

    assert answer.status_code == 409
    assert LOST in answer.json()["detail"]
    assert len(shop.done) == 1


async def test_after_a_request_that_was_broken_off_nobody_knows(
    client: AsyncClient, shop: Shop
) -> None:
    shop.gate.clear()
    post = asyncio.create_task(client.post(URL, headers=ONE))
    await shop.begun.wait()
    post.cancel()
    with pytest.raises(asyncio.CancelledError):
        await post
    shop.gate.set()

    answer = await client.post(URL, headers=ONE)

    assert LOST in answer.json()["detail"]
    assert len(shop.done) == 1


async def test_a_request_whose_process_died_is_lost_after_a_while(
    app: FastAPI, client: AsyncClient, shop: Shop
) -> None:
    shop.gate.clear()
    post = asyncio.create_task(client.post(URL, headers=ONE))
    await shop.begun.wait()

    assert "still being worked on" in (await client.post(URL, headers=ONE)).json()["detail"]
    app.state.settings.idempotency_patience = 0
    assert LOST in (await client.post(URL, headers=ONE)).json()["detail"]

    shop.gate.set()  # it was only slow
    assert (await post).status_code == 201
    assert (await client.post(URL, headers=ONE)).status_code == 201
    assert len(shop.done) == 1


async def test_a_key_is_remembered_for_a_time(
    app: FastAPI, client: AsyncClient, redis: FakeAsyncRedis
) -> None:
    await client.post(URL, headers=ONE)

    [name] = await redis.keys()
    text = name.decode() if isinstance(name, bytes) else name
    assert text.startswith(f"{app.state.settings.redis_namespace}:idempotency:shop:")
    assert ONE[KEY] not in text
    assert 86_000 < await redis.ttl(name) <= 86_400


async def test_without_redis_a_key_is_refused_and_nothing_else(
    client: AsyncClient, shop: Shop, server: FakeServer
) -> None:
    server.connected = False
    refused = await client.post(URL, headers=ONE)
    other = await client.post(URL)
    server.connected = True

    assert (refused.status_code, other.status_code) == (503, 201)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "1"
    assert len(shop.done) == 1
    assert (await client.post(URL, headers=ONE)).status_code == 201


async def test_an_answer_that_cannot_be_kept_is_sent(
    client: AsyncClient,
    shop: Shop,
    server: FakeServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    shop.gate.clear()
    post = asyncio.create_task(client.post(URL, headers=ONE))
    await shop.begun.wait()
    server.connected = False
    shop.gate.set()

    assert (await post).status_code == 201
    server.connected = True
    assert (await client.post(URL, headers=ONE)).status_code == 409
    assert "could not be kept" in caplog.text
    assert len(shop.done) == 1


async def test_a_claim_that_came_to_nothing_is_gone_soon(
    app: FastAPI, redis: FakeAsyncRedis
) -> None:
    settings: Any = app.state.settings
    records = Records(redis, settings, "shop")
    claimed, own = await records.claim(ONE[KEY], "a fingerprint")
    [name] = await redis.keys()

    assert own
    assert 0 < await redis.ttl(name) <= 5
    await redis.delete(name)
    assert await records.start(ONE[KEY], claimed) is None
    assert await redis.keys() == []


async def test_a_command_that_is_sent_twice_does_what_it_does_once(
    app: FastAPI, redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def twice(method: Any, *arguments: Any, **options: Any) -> Any:
        await method(*arguments, **options)
        return await method(*arguments, **options)

    settings: Any = app.state.settings
    monkeypatch.setattr(redis, "set", partial(twice, redis.set))
    monkeypatch.setattr(redis, "eval", partial(twice, redis.eval))
    records = Records(redis, settings, "shop")

    claimed, own = await records.claim(ONE[KEY], "a fingerprint")
    started = await records.start(ONE[KEY], claimed)

    assert own
    assert started is not None
    assert await records.claim(ONE[KEY], "a fingerprint") == (started, False)


async def test_who_lost_the_claim_does_nothing(
    client: AsyncClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis_redis.idempotency.records.Records.start", nothing)

    assert (await client.post(URL, headers=ONE)).status_code == 503
    assert shop.done == []


async def nothing(*_: object) -> None:
    pass


async def test_a_body_that_is_too_large_is_refused(client: AsyncClient, shop: Shop) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 500

    for content in (b"x" * 1500, parts()):
        answer = await client.post(URL, headers=ONE, content=content)
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"

    assert shop.done == []


@pytest.mark.parametrize("settings", [{"idempotency_max_bytes": 500}])
async def test_what_is_held_for_a_key_has_a_bound(client: AsyncClient, shop: Shop) -> None:
    assert (await client.post(URL, headers=ONE, content=b"x" * 501)).status_code == 413
    assert shop.done == []
    assert (await client.post(URL, content=b"x" * 501)).status_code == 201
    assert (await client.post(URL, headers=ONE, content=b"x" * 500)).status_code == 201


async def test_what_is_done_after_the_answer_keeps_nobody_waiting(server: FakeServer) -> None:
    events: list[str] = []
    router = APIRouter()

    @router.post(URL)
    async def order(tasks: BackgroundTasks) -> None:
        tasks.add_task(events.append, "task")

    app = built(router)
    scope = {"type": "http", "method": "POST", "path": URL, "query_string": b"", "headers": []}
    scope["headers"] = [(KEY.lower().encode(), b"one")]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        events.append(message["type"])

    async with app.router.lifespan_context(app):
        await app(scope, receive, send)

    assert events == ["http.response.start", "http.response.body", "task"]


async def test_a_client_that_goes_away_is_not_waited_for(app: FastAPI, shop: Shop) -> None:
    headers = [(KEY.lower().encode(), b"one")]
    scope = {"type": "http", "method": "POST", "path": URL, "query_string": b"", "headers": headers}

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(_message: Any) -> None:
        pass

    async with app.router.lifespan_context(app):
        await app(scope, receive, send)

    assert shop.done == []

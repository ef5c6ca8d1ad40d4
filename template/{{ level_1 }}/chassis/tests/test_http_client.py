"""Calls to other services, over real connections."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
import stamina
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from chassis import http_client
from chassis.app import assemble
from chassis.effects import watched
from chassis.features import FeatureSettings
from chassis.http_client import (
    Call,
    HttpClient,
    Params,
    Reply,
    Request,
    Settings,
    raise_for_problem,
)
from chassis.http_client.retries import RetryBudget
from chassis.problems import (
    OVERLOADED,
    Conflict,
    FieldError,
    Invalid,
    NotFound,
    OutcomeUnknown,
    Outdated,
    Overloaded,
    ProblemError,
    Unavailable,
)

WRITES = ["post", "put", "patch", "delete"]


class Service:
    """A service that answers what it is told, and notes what it was asked."""

    def __init__(self) -> None:
        self.answers: list[web.Response] = []
        self.asked: list[web.Request] = []
        self.bodies: list[bytes] = []
        self.delay = 0.0

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        self.bodies.append(await request.read())
        await asyncio.sleep(self.delay)
        return self.answers.pop(0) if self.answers else web.Response(text="[]")


@pytest.fixture(autouse=True)
def without_pauses() -> Iterator[None]:
    with stamina.set_testing(testing=True, attempts=3, cap=True):
        yield


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def url(service: Service) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", service.answer)
    async with TestServer(application) as server:
        yield str(server.make_url("/things"))


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient(Settings())
    yield client
    await client.close()


async def test_a_get_sends_its_parameters(http: HttpClient, service: Service, url: str) -> None:
    params: Params = {"limit": 5, "done": False, "sort": "-at", "ratio": 0.5, "cursor": None}

    assert await http.get(url, params=params) == Reply(200, b"[]")

    (asked,) = service.asked
    assert dict(asked.query) == {"limit": "5", "done": "false", "sort": "-at", "ratio": "0.5"}


@pytest.mark.parametrize("method", ["post", "put", "patch"])
async def test_json_is_sent_as_it_is(
    http: HttpClient, service: Service, url: str, method: str
) -> None:
    service.answers = [web.Response(status=201)]

    reply = await getattr(http, method)(url, json_body=b'{"a":1}')

    assert reply.status == 201
    assert service.bodies == [b'{"a":1}']
    assert service.asked[0].method == method.upper()
    assert service.asked[0].content_type == "application/json"


async def test_headers_are_provided_anew_for_each_call(
    http: HttpClient, service: Service, url: str
) -> None:
    numbers = iter(["1", "2"])
    http.header_providers.append(lambda: {"X-Number": next(numbers)})

    await http.get(url)
    await http.post(url, json_body=b"{}")

    assert [asked.headers["X-Number"] for asked in service.asked] == ["1", "2"]
    assert service.asked[1].content_type == "application/json"


async def test_an_interceptor_makes_the_call_or_does_not(
    http: HttpClient, service: Service, url: str
) -> None:
    async def inner(request: Request, call: Call) -> Reply:
        return await call(replace(request, headers={**(request.headers or {}), "X-By": "inner"}))

    async def outer(request: Request, call: Call) -> Reply:
        if request.method == "DELETE":
            raise Unavailable("Not now.")
        return await call(replace(request, headers={"X-Of": "outer"}))

    http.interceptors += [inner, outer]

    await http.get(url)
    await http.post(url, json_body=b"{}")
    with pytest.raises(Unavailable, match=r"Not now\."):
        await http.delete(url)

    assert [asked.method for asked in service.asked] == ["GET", "POST"]
    for asked in service.asked:
        assert (asked.headers["X-By"], asked.headers["X-Of"]) == ("inner", "outer")


async def test_a_delete_sends_no_body(http: HttpClient, service: Service, url: str) -> None:
    service.answers = [web.Response(status=204)]

    assert await http.delete(url) == Reply(204, b"")
    assert service.bodies == [b""]


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_get_is_tried_again(
    http: HttpClient, service: Service, url: str, status: int
) -> None:
    service.answers = [web.Response(status=status), web.Response(status=status)]

    assert await http.get(url) == Reply(200, b"[]")
    assert len(service.asked) == 3


async def test_a_get_is_not_tried_for_ever(http: HttpClient, service: Service, url: str) -> None:
    service.answers = [web.Response(status=503, text=str(number)) for number in range(9)]

    assert await http.get(url) == Reply(503, b"2")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
async def test_a_write_is_tried_once(
    http: HttpClient, service: Service, url: str, method: str
) -> None:
    service.answers = [web.Response(status=503)]

    assert (await getattr(http, method)(url)).status == 503
    assert len(service.asked) == 1


async def test_other_statuses_are_not_tried_again(
    http: HttpClient, service: Service, url: str
) -> None:
    service.answers = [web.Response(status=500)]

    assert (await http.get(url)).status == 500


async def test_redirects_are_not_followed(http: HttpClient, service: Service, url: str) -> None:
    service.answers = [web.Response(status=307, headers={"Location": "/elsewhere"})]

    assert (await http.get(url)).status == 307
    assert len(service.asked) == 1


async def test_cookies_are_not_kept(http: HttpClient, service: Service, url: str) -> None:
    service.answers = [web.Response(headers={"Set-Cookie": "user=a"})]

    await http.get(url)
    await http.get(url)

    assert "Cookie" not in service.asked[1].headers


@pytest.mark.parametrize("method", ["get", *WRITES])
async def test_nobody_there_is_unavailable(http: HttpClient, method: str) -> None:
    with watched() as effects, pytest.raises(Unavailable):
        await getattr(http, method)(f"http://127.0.0.1:{unused_port()}")

    assert not effects.possible


@pytest.mark.parametrize(
    ("method", "error"), [("get", Unavailable), *((method, OutcomeUnknown) for method in WRITES)]
)
async def test_a_late_answer_to_a_write_leaves_its_outcome_open(
    service: Service, url: str, method: str, error: type[ProblemError]
) -> None:
    service.delay = 1
    hurried = HttpClient(Settings(http_timeout=0.05))

    try:
        with pytest.raises(error):
            await getattr(hurried, method)(url)
    finally:
        await hurried.close()
    assert len(service.asked) == 1


@pytest.fixture
async def breaking() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that reads each request and then breaks the connection, and what it read."""
    read: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        read.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/things", read


@pytest.mark.parametrize("method", WRITES)
async def test_a_write_that_was_sent_over_a_connection_that_broke_is_unknown(
    http: HttpClient, breaking: tuple[str, list[bytes]], method: str
) -> None:
    url, read = breaking

    with watched() as effects, pytest.raises(OutcomeUnknown):
        await getattr(http, method)(url)

    assert len(read) == 1
    assert effects.possible


async def test_a_get_over_a_connection_that_broke_is_tried_again(
    http: HttpClient, breaking: tuple[str, list[bytes]]
) -> None:
    url, read = breaking

    with pytest.raises(Unavailable):
        await http.get(url)

    assert len(read) == 3


async def test_waiting_for_a_free_connection_has_an_end(service: Service, url: str) -> None:
    service.delay = 0.3
    narrow = HttpClient(Settings(http_pool_size=1, http_connect_timeout=0.05))

    first, *others = await asyncio.gather(
        *(narrow.post(url) for _ in range(3)), return_exceptions=True
    )
    await narrow.close()

    assert isinstance(first, Reply)
    assert [type(error) for error in others] == [Unavailable, Unavailable]
    assert len(service.asked) == 1


@pytest.mark.parametrize("answer", [(503, OVERLOADED), (429, "slow down")])
async def test_whoever_has_too_much_to_do_is_not_asked_again(
    http: HttpClient, service: Service, url: str, answer: tuple[int, str]
) -> None:
    status, kind = answer
    service.answers = [web.json_response({"type": kind, "detail": "Busy."}, status=status)]

    reply = await http.get(url)

    assert len(service.asked) == 1
    with pytest.raises(Overloaded):
        raise_for_problem(reply)


async def test_retries_have_a_budget(http: HttpClient, service: Service, url: str) -> None:
    """However many calls fail, few of them are tried again."""
    service.answers = [web.Response(status=503) for _ in range(1000)]

    for _ in range(100):
        assert (await http.get(url)).status == 503

    assert 100 < len(service.asked) <= 100 + RetryBudget.SPARE + 100 * 0.1


def test_a_budget_fills_up_again() -> None:
    budget = RetryBudget(share=0.5)
    while budget.spend():
        pass

    budget.earn()
    assert not budget.spend()
    budget.earn()
    assert budget.spend()


@pytest.mark.parametrize(
    ("status", "possible"),
    [(201, True), (404, False), (412, False), (503, False), (500, True), (504, True)],
)
async def test_it_is_noted_that_something_may_have_changed(
    http: HttpClient, service: Service, url: str, status: int, *, possible: bool
) -> None:
    service.answers = [web.Response(status=status)]

    with watched() as effects:
        await http.post(url)

    assert effects.possible is possible


async def test_the_application_closes_its_client(url: str) -> None:
    app = assemble("Things", [], FeatureSettings(), [http_client])

    async with app.router.lifespan_context(app):
        http: HttpClient = app.state.http
        await http.get(url)
        session = http._session

    assert session is not None
    assert session.closed


async def test_an_unused_client_opens_nothing() -> None:
    app = assemble("Things", [], FeatureSettings(), [http_client])

    async with app.router.lifespan_context(app):
        assert app.state.http._session is None


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_success_is_no_problem(status: int) -> None:
    raise_for_problem(Reply(status, b""))


@pytest.mark.parametrize(
    ("status", "error"), [(404, NotFound), (409, Conflict), (412, Outdated), (422, Invalid)]
)
def test_a_problem_is_raised_as_what_it_is(status: int, error: type[ProblemError]) -> None:
    problem = {"detail": "No.", "errors": [{"field": "title", "detail": "Taken"}]}

    with pytest.raises(error) as raised:
        raise_for_problem(Reply(status, json.dumps(problem).encode()))

    assert raised.value.detail == "No."
    if error in {Conflict, Invalid}:
        assert raised.value.errors == (FieldError("title", "Taken"),)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"detail": 1}', b"\xff"])
def test_a_problem_without_details_is_raised_too(body: bytes) -> None:
    with pytest.raises(NotFound):
        raise_for_problem(Reply(404, body))


@pytest.mark.parametrize("status", [301, 400, 401, 405, 418, 499, 500, 503])
def test_what_is_not_the_clients_doing_is_unavailable(status: int) -> None:
    with pytest.raises(Unavailable) as raised:
        raise_for_problem(Reply(status, b'{"detail": "SELECT"}'))

    assert "SELECT" not in raised.value.detail


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, OutcomeUnknown), (502, OutcomeUnknown), (504, OutcomeUnknown), (503, Unavailable)],
)
def test_a_write_that_failed_may_be_done_unless_the_service_could_not(
    status: int, error: type[ProblemError]
) -> None:
    with pytest.raises(error):
        raise_for_problem(Reply(status, b"", "PATCH"))


@pytest.mark.parametrize(
    ("most", "compressed"),
    [(10_001, False), (10_001, True), (20_000_000, True)],
    ids=["announced", "compressed", "a-bomb"],
)
async def test_an_answer_is_read_as_far_as_a_bound(
    url: str, service: Service, most: int, *, compressed: bool
) -> None:
    large = web.Response(text="x" * most)
    if compressed:
        large.enable_compression()
    service.answers = [web.Response(text="x" * 10_000), large]
    client = HttpClient(Settings(http_max_answer_bytes=10_000, http_attempts=1))

    assert len((await client.get(url)).body) == 10_000
    with pytest.raises(Unavailable):
        await client.get(url)
    await client.close()

"""One id for all that happens on behalf of a request."""

import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from fastapi import APIRouter, FastAPI, Request, Response, WebSocket
from httpx2 import AsyncClient
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from chassis import request_id
from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.request_id import HEADER, RequestId

router = APIRouter()


@router.get("/id")
async def the_id() -> str | None:
    return request_id.current()


@router.get("/own")
async def own(response: Response) -> None:
    response.headers[HEADER] = "my-own"


@router.get("/broken")
async def broken() -> None:
    raise RuntimeError


@router.get("/pass-on")
async def pass_on(request: Request, url: str) -> None:
    await request.app.state.http.get(url)


@router.websocket("/talk")
async def talk(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(request_id.current() or "")
    await socket.close()


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return build_app("Ids", [router], FeatureSettings())


async def test_an_id_that_is_sent_is_used_and_returned(client: AsyncClient) -> None:
    answer = await client.get("/id", headers={HEADER: "from-outside.1~a_b"})

    assert answer.json() == answer.headers[HEADER] == "from-outside.1~a_b"


@pytest.mark.parametrize("sent", ["", "a b", 'a"b', "x" * 129, "ä", None], ids=repr)
async def test_another_one_is_made(client: AsyncClient, sent: str | None) -> None:
    headers = [] if sent is None else [(HEADER.encode(), sent.encode())]

    answer = await client.get("/id", headers=headers)

    assert re.fullmatch(r"[0-9a-f]{32}", answer.json())
    assert answer.headers[HEADER] == answer.json()


async def test_each_request_has_its_own(client: AsyncClient) -> None:
    answers = [await client.get("/id") for _ in range(3)]

    assert len({answer.json() for answer in answers}) == 3


@pytest.mark.parametrize("path", ["/broken", "/nowhere"])
async def test_problems_have_it_too(client: AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={HEADER: "abc"})

    assert answer.headers[HEADER] == "abc"


async def test_there_is_one_in_an_answer(client: AsyncClient) -> None:
    answer = await client.get("/own", headers={HEADER: "abc"})

    assert answer.headers.get_list(HEADER) == ["abc"]


async def test_it_is_sent_on(client: AsyncClient) -> None:
    seen: list[str] = []

    async def other(request: web.Request) -> web.Response:
        seen.append(request.headers[HEADER])
        return web.Response()

    application = web.Application()
    application.router.add_get("/", other)
    async with TestServer(application) as server:
        params = {"url": str(server.make_url("/"))}
        await client.get("/pass-on", params=params, headers={HEADER: "abc"})

    assert seen == ["abc"]


def test_a_conversation_has_one(app: FastAPI) -> None:
    with TestClient(app).websocket_connect("/talk", headers={HEADER: "abc"}) as socket:
        assert socket.receive_text() == "abc"
        assert (HEADER.lower().encode(), b"abc") in (socket.extra_headers or [])


async def test_other_traffic_is_let_through() -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope)

    async def receive() -> Message:
        raise AssertionError

    async def send(_message: Message) -> None:
        raise AssertionError

    await RequestId(app)({"type": "lifespan"}, receive, send)

    assert seen == [{"type": "lifespan"}]


def test_work_without_a_request_can_have_one() -> None:
    assert request_id.headers() == {}

    with request_id.bound("of-the-message") as bound:
        assert request_id.current() == bound == "of-the-message"
        assert request_id.headers() == {HEADER: "of-the-message"}

    assert request_id.current() is None

"""A body that is too large is refused."""

from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter, FastAPI, Request
from httpx2 import AsyncClient
from starlette.types import Message, Receive, Scope, Send

from chassis.app import build_app
from chassis.body_limit import BodyLimit, allow_larger
from chassis.features import FeatureSettings

router = APIRouter()


@router.post("/notes")
async def note(request: Request) -> int:
    return len(await request.body())


@router.post("/parsed")
async def parsed(words: list[str]) -> int:
    return len(words)


@pytest.fixture
def app() -> FastAPI:
    return build_app("Notes", [router], FeatureSettings(max_body_bytes=10))


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_body_of_just_the_limit_passes(client: AsyncClient) -> None:
    assert (await client.post("/notes", content=b"x" * 10)).json() == 10
    assert (await client.post("/notes", content=chunks(b"12345", b"67890"))).json() == 10


@pytest.mark.parametrize("path", ["/notes", "/parsed"])
@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
async def test_a_larger_body_is_a_problem(client: AsyncClient, path: str, *, chunked: bool) -> None:
    body = chunks(b'["123456', b'7"]') if chunked else b'["1234567"]'

    answer = await client.post(path, content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:problem:content-too-large"
    assert answer.json()["detail"] == "The body is larger than 10 bytes."


async def test_a_path_may_take_more(app: FastAPI, client: AsyncClient) -> None:
    allow_larger(app, "/{kind}", 20)
    allow_larger(app, "/parsed/{part}", 5)

    assert (await client.post("/notes", content=b"x" * 20)).json() == 20
    assert (await client.post("/notes", content=b"x" * 21)).status_code == 413
    assert (await client.post("/parsed/x", content=b"x" * 6)).status_code == 413
    assert (await client.post("/a/b", content=b"x" * 11)).status_code == 413


async def test_reading_stops_at_the_limit() -> None:
    taken: list[int] = []

    async def endless() -> Message:
        taken.append(1)
        return {"type": "http.request", "body": b"1234", "more_body": True}

    async def reads_on(_scope: Scope, receive: Receive, _send: Send) -> None:
        while True:
            await receive()

    async def send(_message: Message) -> None:
        raise AssertionError

    scope: Scope = {"type": "http", "headers": [(b"content-length", b"lots")], "path": "/"}
    with pytest.raises(Exception, match="larger than 10 bytes"):
        await BodyLimit(reads_on, 10)(scope, endless, send)

    assert len(taken) == 3


async def test_other_traffic_is_let_through() -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope)

    async def receive() -> Message:
        raise AssertionError

    async def send(_message: Message) -> None:
        raise AssertionError

    await BodyLimit(app, 1)({"type": "lifespan"}, receive, send)

    assert seen == [{"type": "lifespan"}]

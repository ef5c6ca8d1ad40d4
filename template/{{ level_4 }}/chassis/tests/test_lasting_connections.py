"""Streams and WebSockets last as long as the right to have them, and no longer."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from httpx2 import AsyncClient
from starlette.websockets import WebSocketDisconnect

from chassis.app import assemble
from chassis.features import BUSINESS_FEATURES, FEATURES, FeatureSettings
from chassis.identity import InvalidToken, KeysUnknown, Principal
from chassis.identity.lasting import POLICY_VIOLATION

ANNA = Principal("anna")
HEADERS = {"Authorization": "Bearer hers"}
PLAIN = [feature for feature in FEATURES if feature not in BUSINESS_FEATURES]

router = APIRouter()


@router.websocket("/growing")
async def growing(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("a leaf")
    await socket.send_text(await socket.receive_text())


@router.get("/news")
async def news() -> StreamingResponse:
    async def told() -> AsyncIterator[str]:
        yield "first"
        await asyncio.Event().wait()

    return StreamingResponse(told())


@router.get("/leaf")
async def leaf() -> str:
    await asyncio.sleep(0.1)
    return "green"


class Tokens:
    """Says of each token in turn what is so."""

    def __init__(self, *answers: Principal | Exception) -> None:
        self.left: Iterator[Principal | Exception] = iter(answers)

    async def principal_of(self, _token: str) -> Principal:
        answer = next(self.left)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def nobody_is_assumed(ask_as: Callable[[Principal | None], None]) -> None:
    ask_as(None)


@pytest.fixture
def app() -> FastAPI:
    made = garden()
    made.state.tokens = Tokens(ANNA, InvalidToken("It has ended."))
    return made


def garden(**settings: Any) -> FastAPI:
    own = FeatureSettings(**{"connection_checked": 0.02, **settings})
    made = assemble("Garden", [router], own, PLAIN)
    made.state.streams.add("/news")
    return made


def test_a_websocket_ends_with_its_token(app: FastAPI) -> None:
    with TestClient(app) as client, client.websocket_connect("/growing", headers=HEADERS) as socket:
        assert socket.receive_text() == "a leaf"
        with pytest.raises(WebSocketDisconnect) as ended:
            socket.receive_text()

    assert (ended.value.code, ended.value.reason) == (POLICY_VIOLATION, "It has ended.")


async def test_a_stream_ends_with_its_token(client: AsyncClient) -> None:
    answer = await client.get("/news", headers=HEADERS)

    assert (answer.status_code, answer.text) == (200, "first")


async def test_a_right_that_is_taken_away_ends_a_stream(app: FastAPI, client: AsyncClient) -> None:
    app.state.tokens = Tokens(ANNA, ANNA, ANNA)
    right = iter([True, True, False])
    app.state.rules.allows = lambda *_: next(right)

    answer = await client.get("/news", headers=HEADERS)

    assert answer.text == "first"
    assert list(right) == []


async def test_what_nobody_knows_ends_nothing(app: FastAPI, client: AsyncClient) -> None:
    app.state.tokens = Tokens(ANNA, KeysUnknown(), ANNA, InvalidToken("It has ended."))

    answer = await client.get("/news", headers=HEADERS)

    assert answer.text == "first"
    assert list(app.state.tokens.left) == []


async def test_a_request_keeps_the_right_that_it_came_with(client: AsyncClient) -> None:
    answer = await client.get("/leaf", headers=HEADERS)

    assert answer.json() == "green"


def test_a_report_ends_nothing() -> None:
    app = garden(auth_mode="report")
    app.state.tokens = Tokens(ANNA, InvalidToken("It has ended."))
    with TestClient(app) as client, client.websocket_connect("/growing", headers=HEADERS) as socket:
        assert socket.receive_text() == "a leaf"
        time.sleep(0.1)
        socket.send_text("water")
        assert socket.receive_text() == "water"

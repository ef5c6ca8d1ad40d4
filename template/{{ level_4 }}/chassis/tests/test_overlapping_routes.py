"""What a request takes is what the endpoint takes that answers it, however routes overlap."""

from collections.abc import Callable
from contextlib import suppress
from random import Random
from urllib.parse import quote

import pytest
from fastapi import APIRouter, FastAPI, Request, WebSocket
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from chassis.access.policy import Policy
from chassis.access.rules import PolicyRules
from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.identity import PUBLIC, Principal

CLERK = Principal("carl", frozenset({"clerk"}))
METHODS = ["GET", "POST", "DELETE"]
WORDS = ["api", "v1", "loans", "approve", "7"]
PARAMETERS = ["{one}", "{number:int}", "{rest:path}"]
BEFORE_QUERY = ["", "", "", "/", "\n", "/x"]
"""What may stand after a path."""


class Garden:
    """An application with routes that overlap, and who answered each request."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.app = FastAPI()
        self.app.state.public = set()
        self.answered: list[str] = []
        self.takes: list[str | None] = []
        self.templates: list[str] = []
        for _ in range(random.randint(2, 5)):
            self._grow(self.app, "")
            self._grow(self._included(), "/api/v1")
        names = [f"{method} {one}" for one in self.templates for method in METHODS]
        each = {name: f"route:{place}" for place, name in enumerate(names)}
        self.rules = PolicyRules(self.app, Policy(routes=each))
        self.app.add_middleware(Asking, garden=self)

    def _included(self) -> APIRouter:
        inner, router = APIRouter(), APIRouter(prefix="/api/v1")
        self._grow(inner, "/api/v1")
        self._grow(router, "/api/v1")
        router.include_router(inner)
        self.app.include_router(router)
        return router

    def _grow(self, into: FastAPI | APIRouter, prefix: str) -> None:
        """Add a route of some kind; its template is what it has in the policy."""
        parts = self.random.choices(WORDS + PARAMETERS[:-1], k=self.random.randint(1, 3))
        own = "/" + "/".join(dict.fromkeys([*parts, *self.random.choices(["", *PARAMETERS])]))
        own = own.rstrip("/")
        plain = own.replace(":int", "").replace(":path", "")
        kind = self.random.choice(["http", "http", "websocket", "mount", "plain"])
        if kind == "mount" and isinstance(into, FastAPI):
            into.mount(own, self._mounted(f"{plain}/{{path}}"))
        elif kind == "websocket":
            into.add_api_websocket_route(own, self._socket(prefix + plain))
        elif kind == "plain" and isinstance(into, FastAPI):
            into.add_route(own, self._plain(prefix + plain), self._some_methods())
        else:
            into.add_api_route(own, self._http(prefix + plain), methods=self._some_methods())

    def _some_methods(self) -> list[str]:
        return self.random.sample(METHODS, self.random.randint(1, 2))

    def _http(self, template: str) -> Callable[[], str]:
        self.templates.append(template)

        def answer() -> str:
            self.answered.append(template)
            return template

        return answer

    def _plain(self, template: str) -> Callable[[Request], PlainTextResponse]:
        self.templates.append(template)

        def answer(_request: Request) -> PlainTextResponse:
            self.answered.append(template)
            return PlainTextResponse(template)

        return answer

    def _socket(self, template: str) -> Callable[[WebSocket], object]:
        self.templates.append(template)

        async def answer(websocket: WebSocket) -> None:
            self.answered.append(template)
            await websocket.accept()
            await websocket.close()

        return answer

    def _mounted(self, template: str) -> ASGIApp:
        self.templates.append(template)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            self.answered.append(template)
            if scope["type"] == "http":
                await PlainTextResponse(template)(scope, receive, send)
            else:
                await send({"type": "websocket.close"})

        return answer

    def path(self) -> str:
        """Write a path that one of the routes may have."""
        filled = [
            self.random.choice(WORDS) if part.startswith("{") else part
            for part in self.random.choice(self.templates).split("/")
        ]
        return quote("/".join(filled) + self.random.choice(BEFORE_QUERY))


class Asking:
    """Asks for each request what it takes, before the router has seen it."""

    def __init__(self, app: ASGIApp, garden: Garden) -> None:
        self._app = app
        self._garden = garden

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            self._garden.takes.append(self._garden.rules.permission_of(scope))
        await self._app(scope, receive, send)


@pytest.mark.parametrize("seed", range(10))
def test_a_request_takes_what_the_endpoint_takes_that_answers(seed: int) -> None:
    garden = Garden(Random(seed))  # noqa: S311  # no secret
    with TestClient(garden.app, follow_redirects=False) as client:
        for number in range(30):
            method, path = garden.random.choice(METHODS), garden.path()
            garden.answered, garden.takes = [], []
            if number % 3 == 0:
                method = "GET"
                with suppress(WebSocketDisconnect), client.websocket_connect(path):
                    pass
            else:
                client.request(method, path)

            for template in garden.answered:
                assert garden.takes == [garden.rules.permission_for(method, template)], path


router = APIRouter(prefix="/api/v1/loans")


@router.websocket("/{topic}")
async def follow(websocket: WebSocket, topic: str) -> None:
    await websocket.accept()
    await websocket.send_text(topic)
    await websocket.close()


@router.post("/approve")
async def approve() -> str:
    return "approved"


@router.get("/rates/{loan}")
async def rates(loan: str) -> str:
    return loan


@router.websocket("/rates/live")
async def live(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


@pytest.fixture
def client(ask_as: Callable[[Principal | None], None]) -> TestClient:
    app = build_app("Bank", [router], FeatureSettings())
    routes = {
        "POST /api/v1/loans/approve": "loans:approve",
        "GET /api/v1/loans/rates/{loan}": PUBLIC,
    }
    clerk = frozenset({"loans:create"})
    app.state.rules = PolicyRules(app, Policy({"clerk": clerk}, routes))
    ask_as(CLERK)
    return TestClient(app)


def test_a_websocket_before_a_route_gives_nobody_its_permission(client: TestClient) -> None:
    answer = client.post("/api/v1/loans/approve")

    assert answer.status_code == 403
    assert "loans:approve" in answer.json()["detail"]


def test_a_websocket_behind_a_public_route_is_not_public(
    client: TestClient, ask_as: Callable[[Principal | None], None]
) -> None:
    for who in (CLERK, None):
        ask_as(who)
        assert client.get("/api/v1/loans/rates/7").status_code == 200
        with (
            pytest.raises(WebSocketDisconnect),
            client.websocket_connect("/api/v1/loans/rates/live"),
        ):
            pass


def test_a_websocket_that_is_refused_is_told_by_its_own_route(client: TestClient) -> None:
    told: list[str] = []
    client.app.state.refused.append(told.append)  # type: ignore[attr-defined]

    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/api/v1/loans/rates/live"):
        pass

    assert told == ["WebSocket /api/v1/loans/rates/live"]


def test_a_line_that_ends_after_a_path_opens_nothing(client: TestClient) -> None:
    assert client.post("/api/v1/loans/approve%0A").status_code == 403


def test_a_websocket_can_be_named_in_the_policy(client: TestClient) -> None:
    rules: PolicyRules = client.app.state.rules  # type: ignore[attr-defined]

    assert ("GET", "/api/v1/loans/rates/live") in rules.offered()

"""Who may call a service of this system: other services of it, and on whose behalf."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import jwt
import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient, Response
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect

from chassis.app import assemble
from chassis.features import BUSINESS_FEATURES, FEATURES, FeatureSettings
from chassis.http_client import Reply, Request
from chassis.identity import InvalidToken, Principal, acting_as, current
from chassis.identity.service_tokens import AUDIENCE, LIFE_S, REUSED_S, TYPE, ServiceTokens
from chassis.identity.signed_calls import SignedCalls

KEY = "k" * 32
UNSIGNED = "eyJhbGciOiJub25lIiwidHlwIjoic2VydmljZStqd3QifQ"
PLAIN = [feature for feature in FEATURES if feature not in BUSINESS_FEATURES]

router = APIRouter()


@router.get("/plants")
async def plants() -> dict[str, str | None]:
    who = current()
    return {"for": who.identity if who else None, "by": who.service if who else None}


@router.websocket("/growing")
async def growing(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


def garden(**settings: Any) -> FastAPI:
    own = FeatureSettings(**{"service_key": KEY, **settings})
    return assemble("Garden", [router], own, PLAIN)


@pytest.fixture(autouse=True)
def nobody_is_assumed(ask_as: Callable[[Principal | None], None]) -> None:
    ask_as(None)


@pytest.fixture
def app() -> FastAPI:
    return garden()


def now() -> int:
    return int(time.time())


def signed(key: str = KEY, header: dict[str, Any] | None = None, **changes: Any) -> str:
    right = {"iss": "shop", "aud": AUDIENCE, "sub": "anna", "iat": now(), "exp": now() + 30}
    claims = {name: value for name, value in {**right, **changes}.items() if value is not None}
    return jwt.encode(claims, key, "HS256", headers={"typ": TYPE, **(header or {})})


async def get(client: AsyncClient, token: str, path: str = "/plants") -> Response:
    return await client.get(path, headers={"Authorization": f"Bearer {token}"})


async def test_another_service_is_let_in_on_behalf_of_a_user(client: AsyncClient) -> None:
    answer = await get(client, signed())

    assert answer.json() == {"for": "anna", "by": "shop"}
    assert current() is None


async def test_a_service_may_say_which_roles_somebody_has() -> None:
    tokens = ServiceTokens(KEY, 5)
    lent = Principal("anna", frozenset({"reader", "editor"}), "shop")
    for principal in (lent, Principal("anna", frozenset({"reader"}), "shop")):
        with acting_as(principal):
            assert await tokens.principal_of(tokens.made_by("shop")) == principal

    with acting_as(lent):  # whoever is called next is told the same
        assert (await tokens.principal_of(tokens.made_by("cellar"))).roles == lent.roles
    with acting_as(Principal("anna", frozenset({"admin"}))):  # a user's own are nobody's to pass on
        assert (await tokens.principal_of(tokens.made_by("shop"))).roles == {"service"}
    with acting_as(Principal("anna", frozenset(), "shop")):
        assert (await tokens.principal_of(tokens.made_by("shop"))).roles == frozenset()


@pytest.mark.parametrize("path", ["/plants", "/nowhere"])
async def test_nobody_else_is_let_in_wherever_it_wants(client: AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["X-Request-ID"]
    assert answer.json()["instance"] == path


@pytest.mark.parametrize("path", ["/health", "/metrics", "/docs", "/openapi.json"])
async def test_the_platform_and_readers_need_no_token(client: AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize("path", ["/health/", "/docs/assets/../../plants", "//plants", "/Health"])
async def test_what_only_looks_open_is_not(client: AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 401


# Each is signed when its test runs, so that none is refused for its age.
@pytest.mark.parametrize(
    "token",
    [
        pytest.param(lambda: signed("x" * 32), id="another-key"),
        pytest.param(lambda: signed(aud="api"), id="another-audience"),
        pytest.param(lambda: signed(aud=None), id="no-audience"),
        pytest.param(lambda: signed(header={"typ": "at+jwt"}), id="another-type"),
        pytest.param(lambda: signed(iat=now() - 600, exp=now() - 570), id="expired"),
        pytest.param(lambda: signed(exp=None), id="no-end"),
        pytest.param(lambda: signed(sub=None), id="no-subject"),
        pytest.param(lambda: signed(iat=now() + 600), id="of-the-future"),
        pytest.param(lambda: signed(sub="a" * 9000), id="huge"),
        pytest.param(lambda: "garbage", id="garbage"),
        pytest.param(lambda: f"{UNSIGNED}.e30.", id="unsigned"),
    ],
)
async def test_a_wrong_token_is_refused(client: AsyncClient, token: Callable[[], str]) -> None:
    answer = await get(client, token())

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", "Basic {}")],
        [("Authorization", "Bearer ")],
        [("Authorization", "Bearer {}"), ("Authorization", "Bearer {}")],
        [("Cookie", "token={}")],
    ],
)
async def test_a_token_comes_one_way(client: AsyncClient, headers: list[tuple[str, str]]) -> None:
    sent = [(name, value.format(signed())) for name, value in headers]

    answer = await client.get("/plants", headers=sent)

    assert answer.status_code == 401


@asynccontextmanager
async def calling(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://garden") as client,
    ):
        yield client


async def test_without_a_key_no_call_is_accepted() -> None:
    async with calling(garden(service_key="")) as client:
        answer = await get(client, signed())

    assert answer.status_code == 401
    assert "SERVICE_KEY" in answer.json()["detail"]


def test_a_key_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ValidationError, match="make env"):
        FeatureSettings(service_key="secret")


async def test_a_report_refuses_nothing_and_logs_what_it_would(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with calling(garden(auth_mode="report")) as client:
        caplog.clear()
        answer = await client.get("/plants")
        again = await get(client, signed())

    assert answer.json() == {"for": None, "by": None}
    assert again.json() == {"for": "anna", "by": "shop"}
    told = [record.message for record in caplog.records if "AUTH_MODE" in record.message]
    assert told == ["AUTH_MODE=enforce would answer 401 to GET /plants"]


def test_a_page_offers_its_token_as_a_subprotocol(app: FastAPI) -> None:
    with TestClient(app) as client:
        with client.websocket_connect("/growing", subprotocols=["bearer", signed()]):
            pass
        for wrong in (["bearer", "x"], ["bearer"], [signed()], ["basic", signed()]):
            with pytest.raises(WebSocketDisconnect):
                client.websocket_connect("/growing", subprotocols=wrong).__enter__()


def test_a_websocket_is_not_opened_without_a_token(app: FastAPI) -> None:
    with TestClient(app) as client:
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/growing"):
            pass
        headers = {"Authorization": f"Bearer {signed()}"}
        with client.websocket_connect("/growing", headers=headers):
            pass


async def test_the_documentation_has_a_place_for_the_token(app: FastAPI) -> None:
    document = app.openapi()

    (scheme,) = document["components"]["securitySchemes"]
    operation = document["paths"]["/plants"]["get"]
    assert operation["security"] == [{scheme: []}]
    assert {"401", "403"} <= operation["responses"].keys()


class Wire:
    def __init__(self) -> None:
        self.sent: list[Request] = []

    async def __call__(self, request: Request) -> Reply:
        self.sent.append(request)
        return Reply(200, b"")


@pytest.mark.parametrize(
    ("url", "is_signed"),
    [
        ("http://data/plants", True),
        ("http://data.mallory.example/plants", False),
        ("https://elsewhere/plants", False),
    ],
)
async def test_calls_are_signed_for_services_of_this_system_alone(
    url: str,
    is_signed: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    calls, wire = SignedCalls(ServiceTokens(KEY, 5), "shop"), Wire()
    calls.to("http://data/")

    with acting_as(Principal("anna")):
        await calls(Request("GET", url, None, {"X-Own": "1"}), wire)

    headers = dict(wire.sent[0].headers or {})
    assert headers.pop("X-Own") == "1"
    assert bool(headers) == is_signed
    if is_signed:
        token = headers["Authorization"].removeprefix("Bearer ")
        principal = await ServiceTokens(KEY, 5).principal_of(token)
        assert (principal.identity, principal.service) == ("anna", "shop")


async def test_a_key_is_changed_without_a_call_that_is_refused() -> None:
    other = "another-key-that-is-long-enough-too"
    steps = [
        ServiceTokens(KEY, 5),
        ServiceTokens(KEY, 5, also=other),
        ServiceTokens(other, 5, also=KEY),
        ServiceTokens(other, 5),
    ]
    for before, after in pairwise(steps):  # some instances are one step ahead of the others
        for caller, called in ((before, after), (after, before), (after, after)):
            principal = await called.principal_of(caller.made_by("shop"))
            assert principal.service == "shop"

    with pytest.raises(InvalidToken):
        await steps[-1].principal_of(steps[0].made_by("shop"))


async def test_a_service_of_its_own_accord_names_itself() -> None:
    tokens = ServiceTokens(KEY, 5)

    assert (await tokens.principal_of(tokens.made_by("shop"))).identity == "shop"


async def test_a_token_is_used_again_for_a_while_and_for_the_same_user() -> None:
    now = [time.time()]
    tokens = ServiceTokens(KEY, 5, lambda: now[0])

    def made_for(user: str) -> str:
        with acting_as(Principal(user)):
            return tokens.made_by("shop")

    first = made_for("anna")
    assert made_for("anna") == first
    assert made_for("bert") != first
    now[0] += REUSED_S
    assert made_for("anna") != first

    await tokens.principal_of(first)
    now[0] += LIFE_S
    with pytest.raises(InvalidToken):  # of the clock here, not of the real one
        await ServiceTokens(KEY, 0).principal_of(signed(exp=int(time.time()) - 1))
    assert tokens._checked.get(first) is None

"""Who may do what: every route against every role, and what a policy may not say."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from httpx2 import ASGITransport, AsyncClient
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from chassis.access import Asking
from chassis.access import rules as access_rules
from chassis.access.policy import Policy, PolicyError, read, resource_of
from chassis.access.rules import PolicyRules
from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.identity import PUBLIC, Principal
from chassis.identity.service_tokens import TYPE, ServiceTokens
from chassis.testing.issuer import NAME, Issuer

POLICY = """
[roles]
admin = ["*"]
keeper = ["plants:*"]
reader = ["plants:read"]
auditor = ["*:read"]
waterer = ["plants:water"]

[routes]
"POST /api/v1/plants/{plant}/water" = "plants:water"
"GET /api/v1/tips" = "public"
"""
KEY = "k" * 32
OWNERS = {"fern": "anna", "ivy": "bert"}

router = APIRouter(prefix="/api/v1")
growing = APIRouter()


@router.get("/plants")
async def plants(asking: Asking) -> list[str]:
    """Show everybody their own plants, and all of them to those who may see all."""
    everything = asking.may("plants:read_all")
    return [plant for plant, owner in OWNERS.items() if everything or owner == asking.id]


@router.post("/plants")
async def plant() -> str:
    return "planted"


@router.get("/plants/{plant}")
async def one(plant: str) -> str:
    return plant


@router.delete("/plants/{plant}")
async def dig_up(plant: str) -> str:
    return plant


@router.post("/plants/{plant}/water")
async def water(plant: str) -> str:
    return plant


@router.get("/tips")
async def tips() -> str:
    return "less water"


@router.get("/beds")
async def beds() -> str:
    return "a route that the policy does not know"


@growing.get("/{anything}/tips")
async def any_tips(anything: str) -> str:
    return anything


async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("below")(scope, receive, send)


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="module")
def settings(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> FeatureSettings:
    keys = tmp_path_factory.mktemp("issuer") / "keys.json"
    keys.write_bytes(issuer.published)
    return FeatureSettings(oidc_issuer=NAME, oidc_keys_url=keys.as_uri(), service_key=KEY)


def policy(text: str, folder: Path) -> Policy:
    (folder / "policy.toml").write_text(text, encoding="utf-8")
    return read(folder / "policy.toml", "garden/policy.toml")


@pytest.fixture(scope="module")
def app(settings: FeatureSettings, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    app = build_app("Garden", [router, growing], settings)
    app.mount("/below", mounted)
    app.state.rules = PolicyRules(app, policy(POLICY, tmp_path_factory.mktemp("policy")))
    app.state.rules.check()
    return app


@asynccontextmanager
async def calling(app: FastAPI, token: str = "") -> AsyncIterator[AsyncClient]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with AsyncClient(
        transport=ASGITransport(app), base_url="http://garden", headers=headers
    ) as client:
        yield client


@pytest.fixture(autouse=True)
def nobody_is_assumed(ask_as: Callable[[Principal | None], None]) -> None:
    ask_as(None)


ALL, KEEPS, READS = {"admin"}, {"admin", "keeper"}, {"admin", "keeper", "reader", "auditor"}
ROUTES = [
    ("GET", "/api/v1/plants", READS),
    ("HEAD", "/api/v1/plants", READS),
    ("POST", "/api/v1/plants", KEEPS),
    ("GET", "/api/v1/plants/fern", READS),
    ("DELETE", "/api/v1/plants/fern", KEEPS),
    ("POST", "/api/v1/plants/fern/water", KEEPS | {"waterer"}),
    ("GET", "/api/v1/beds", ALL | {"auditor"}),
    ("GET", "/roses/tips", ALL | {"auditor"}),
    ("GET", "/below/it", ALL | {"auditor"}),
    ("POST", "/below/it", ALL),
]
ROLES = ["admin", "keeper", "reader", "auditor", "waterer", "stranger"]


@pytest.mark.parametrize("role", ROLES)
async def test_every_route_against_a_role(app: FastAPI, issuer: Issuer, role: str) -> None:
    async with calling(app, issuer.token(roles=[role])) as client:
        for method, path, roles in ROUTES:
            answer = await client.request(method, path)

            expected = {200} if role in roles else {403}
            assert {answer.status_code} == expected, f"{method} {path}"


async def test_without_a_token_only_what_is_public_is_there(app: FastAPI) -> None:
    async with calling(app) as client:
        for method, path, _ in ROUTES:
            assert (await client.request(method, path)).status_code == 401
        assert (await client.get("/api/v1/tips")).status_code == 200
        assert (await client.get("/health")).status_code == 200
        assert (await client.get("/api/v1/tips/")).status_code == 401


@pytest.mark.parametrize(("key", "status"), [(KEY, 403), ("x" * 32, 401)])
async def test_a_service_has_a_role_of_its_own(app: FastAPI, key: str, status: int) -> None:
    async with calling(app, ServiceTokens(key, 5).made_by("bot")) as client:
        answer = await client.get("/api/v1/plants")

    assert answer.status_code == status


async def test_a_token_of_a_user_that_calls_itself_one_of_a_service_is_none(
    app: FastAPI, issuer: Issuer
) -> None:
    async with calling(app, issuer.token({"typ": TYPE}, roles=["admin"])) as client:
        assert (await client.get("/api/v1/plants")).status_code == 401


async def test_a_refusal_says_what_is_missing(app: FastAPI, issuer: Issuer) -> None:
    async with calling(app, issuer.token(roles=["reader"])) as client:
        answer = await client.post("/api/v1/plants", content=b"{")

    assert answer.status_code == 403
    assert "plants:create" in answer.json()["detail"]


async def test_what_is_not_there_or_not_offered_is_told_to_who_may_know(
    app: FastAPI, issuer: Issuer
) -> None:
    async with calling(app, issuer.token(roles=["reader"])) as client:
        nowhere = await client.get("/api/v1/nowhere/at/all")
        not_offered = await client.put("/api/v1/plants")
        options = await client.options("/api/v1/plants")
        closed = await client.put("/api/v1/beds")

    assert nowhere.status_code == 404
    assert not_offered.status_code == 405
    assert options.headers["Allow"] == "GET, HEAD, POST, OPTIONS"
    assert closed.status_code == 403


async def test_while_keys_were_never_read_nothing_is_done(settings: FeatureSettings) -> None:
    away = settings.model_copy(update={"oidc_keys_url": "file:/nowhere/keys.json"})
    async with calling(build_app("Garden", [router], away), Issuer().token()) as client:
        answer = await client.get("/api/v1/plants")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("user", "roles", "seen"),
    [
        ("anna", {"reader"}, ["fern"]),
        ("bert", {"reader"}, ["ivy"]),
        ("carl", {"reader"}, []),
        ("carl", {"keeper"}, ["fern", "ivy"]),
    ],
)
async def test_users_see_their_own_records(
    app: FastAPI,
    ask_as: Callable[[Principal | None], None],
    user: str,
    roles: set[str],
    seen: list[str],
) -> None:
    ask_as(Principal(user, frozenset(roles)))
    async with calling(app) as client:
        answer = await client.get("/api/v1/plants")

    assert answer.json() == seen


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("roles = 7", "roles must be a table"),
        ("[roles", "garden/policy.toml: "),
        ("[users]", "'users' is unknown; there are roles and routes"),
        ("[roles]\nadmin = '*'", "roles.admin must be a list"),
        ("[roles]\nadmin = ['plants']", "roles.admin must be a list"),
        ("[routes]\n'/plants' = 'public'", "must be named as 'GET /api/v1/loans', not '/plants'"),
        (
            "[routes]\n'GET /plants' = 'open'",
            "takes 'public', 'signed_in' or a permission, not 'open'",
        ),
        ("routes = ['GET /plants']", "routes must be a table"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        policy(text, tmp_path)

    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_entry_without_a_route_is_refused(app: FastAPI, tmp_path: Path) -> None:
    wrong = policy("[routes]\n'GET /api/v1/plant' = 'public'", tmp_path)

    with pytest.raises(PolicyError, match="there is no route 'GET /api/v1/plant'"):
        PolicyRules(app, wrong).check()


def test_a_service_with_a_wrong_policy_does_not_start(
    settings: FeatureSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Policy(routes={"GET /nowhere": PUBLIC})
    monkeypatch.setattr("chassis.access.policy_of", lambda _settings: wrong)

    with pytest.raises(SystemExit, match=r"policy: policy\.toml: routes: there is no route"):
        build_app("Garden", [router], settings)


async def test_without_a_policy_only_admin_may_anything(
    settings: FeatureSettings, issuer: Issuer
) -> None:
    app = build_app("Garden", [router], settings)
    for role, status in (("admin", 200), ("reader", 403)):
        async with calling(app, issuer.token(roles=[role])) as client:
            assert (await client.get("/api/v1/beds")).status_code == status


@pytest.mark.parametrize(
    ("template", "resource"),
    [
        ("/api/v1/loans/{loan_id}", "loans"),
        ("/loans", "loans"),
        ("/v2/{tenant}/loans", "loans"),
        ("/api/v1/voters", "voters"),
        ("/{anything}", "root"),
        ("/", "root"),
    ],
)
def test_the_resource_is_the_first_word_of_a_path(template: str, resource: str) -> None:
    assert resource_of(template) == resource


def test_a_path_below_another_root_is_found(app: FastAPI) -> None:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/garden/api/v1/plants",
        "root_path": "/garden",
    }

    assert app.state.rules.permission_of(scope) == "plants:create"
    assert access_rules._begin("/api/v1/plants/fern") == "api/v1/plants"

"""A key is that of who asks: nobody gets the answer of somebody else by it, nor one that is theirs no more."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from httpx2 import AsyncClient, Response

from chassis.access import Asking
from chassis.access.policy import read
from chassis.access.rules import PolicyRules
from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.identity import Principal
from chassis.testing.issuer import NAME, Issuer

pytestmark = pytest.mark.usefixtures("server")

POLICY = '[roles]\nadmin = ["*"]\nkeeper = ["plants:*"]\nreader = ["plants:read"]\n'
PLANTS = "/api/v1/plants"


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def done() -> list[str | None]:
    """Who has planted something."""
    return []


@pytest.fixture
def scope() -> list[str]:
    """The headers that say who asks."""
    return ["authorization"]


@pytest.fixture
def app(
    issuer: Issuer,
    done: list[str | None],
    scope: list[str],
    tmp_path: Path,
    ask_as: Callable[[Principal | None], None],
) -> FastAPI:
    ask_as(None)  # whoever has no token is nobody
    router = APIRouter(prefix=PLANTS)

    @router.post("", status_code=201)
    async def plant(asking: Asking) -> str:
        done.append(asking.id)
        return f"{asking.id}'s plant"

    (tmp_path / "keys.json").write_bytes(issuer.published)
    (tmp_path / "policy.toml").write_text(POLICY, encoding="utf-8")
    keys = (tmp_path / "keys.json").as_uri()
    settings = FeatureSettings(oidc_issuer=NAME, oidc_keys_url=keys, idempotency_scope=scope)
    app = build_app("Garden", [router], settings)
    app.state.rules = PolicyRules(app, read(tmp_path / "policy.toml", "garden/policy.toml"))
    return app


async def ask(client: AsyncClient, token: str = "") -> Response:
    headers = {"Idempotency-Key": "plant-7"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return await client.post(PLANTS, headers=headers, json={})


def is_replay(answer: Response) -> bool:
    return answer.status_code == 201 and answer.headers.get("idempotency-replayed") == "true"


@pytest.mark.parametrize("scope", [["authorization"], ["x-tenant"]])
async def test_two_callers_with_one_key_get_each_their_own_answer(
    client: AsyncClient, issuer: Issuer, done: list[str | None]
) -> None:
    tokens = {who: issuer.token(sub=who, roles=["keeper"]) for who in ("anna", "ben")}

    first = {who: await ask(client, token) for who, token in tokens.items()}
    again = {who: await ask(client, token) for who, token in tokens.items()}

    assert done == ["anna", "ben"]
    for who in tokens:
        assert first[who].json() == again[who].json() == f"{who}'s plant"
        assert (is_replay(first[who]), is_replay(again[who])) == (False, True)


async def test_who_logs_in_again_gets_the_own_answer(
    client: AsyncClient, issuer: Issuer, done: list[str | None]
) -> None:
    await ask(client, issuer.token(roles=["keeper"]))

    later = await ask(client, issuer.token(roles=["keeper", "reader"], jti="another"))

    assert is_replay(later)
    assert done == ["anna"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({"roles": ["reader"]}, 403, id="who has lost the role"),
        pytest.param({"exp": 1}, 401, id="who has logged out long ago"),
        pytest.param({"aud": "another"}, 401, id="with a token for somebody else"),
        pytest.param(None, 401, id="without a token"),
    ],
)
async def test_who_may_not_ask_any_more_gets_no_answer_of_before(
    client: AsyncClient,
    issuer: Issuer,
    done: list[str | None],
    changes: Mapping[str, Any] | None,
    status: int,
) -> None:
    await ask(client, issuer.token(roles=["keeper"]))

    refused = await ask(client, "" if changes is None else issuer.token(**changes))

    assert refused.status_code == status
    assert "idempotency-replayed" not in refused.headers
    assert is_replay(await ask(client, issuer.token(roles=["keeper"])))
    assert done == ["anna"]

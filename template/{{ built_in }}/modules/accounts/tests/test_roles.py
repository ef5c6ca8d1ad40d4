"""Whoever manages accounts and clients gives nobody more than they have, and takes over nobody who has."""

from collections.abc import Mapping
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.access.policy import Policy

BEN = {
    "email": "ben@example.com",
    "password": "violet tractor hums nineteen",  # pragma: allowlist secret
}
CARL = {
    "email": "carl@example.com",
    "password": "amber kettle sings at seven",  # pragma: allowlist secret
}


@pytest.fixture
def app(app: FastAPI) -> FastAPI:
    """With roles that may manage accounts, each for another reason, and not everything."""
    rules = app.state.rules
    roles = {
        "helper": frozenset({"auth:*", "beds:read"}),
        "writer": frozenset({"*:read", "*:create", "*:update", "*:delete"}),
        "gardener": frozenset({"beds:*"}),
    }
    rules.policy = Policy({**rules.policy.roles, **roles}, rules.policy.routes)
    return app


@pytest.fixture
async def helper(
    client: AsyncClient, admin: dict[str, str], request: pytest.FixtureRequest
) -> dict[str, str]:
    """What somebody sends who may manage accounts."""
    made = await client.post("/auth/users", json={**BEN, "roles": [request.param]}, headers=admin)
    assert made.status_code == 201, made.text
    answer = await client.post("/auth/sessions", json=BEN)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
async def administrator(client: AsyncClient, admin: dict[str, str]) -> dict[str, Any]:
    """The account of the administrator."""
    found: dict[str, Any] = (await client.get("/auth/me", headers=admin)).json()
    return found


any_helper = pytest.mark.parametrize("helper", ["helper", "writer"], indirect=True)


@any_helper
@pytest.mark.parametrize(
    "change",
    [
        {"password": CARL["password"]},
        {"email": "mine@example.com"},
        {"second_factor": False},
        {"disabled": True},
        {"roles": []},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_nobody_takes_over_an_account_that_may_more(
    client: AsyncClient,
    helper: dict[str, str],
    admin: dict[str, str],
    administrator: dict[str, Any],
    change: Mapping[str, Any],
) -> None:
    url = f"/auth/users/{administrator['id']}"

    refused = await client.patch(url, json=change, headers=helper)

    assert refused.status_code == 403
    assert "The role admin may more than you" in refused.json()["detail"]
    for path in (url, f"{url}/sessions"):
        assert (await client.delete(path, headers=helper)).status_code == 403
    assert (await client.get("/auth/me", headers=admin)).json() == administrator


@any_helper
async def test_nobody_gives_a_role_that_may_more(
    app: FastAPI, client: AsyncClient, helper: dict[str, str]
) -> None:
    told: list[str] = []
    app.state.refused = [told.append]
    mine = f"/auth/users/{(await client.get('/auth/me', headers=helper)).json()['id']}"
    program = {"name": "Nightly", "roles": ["admin"]}

    answers = [
        await client.post("/auth/users", json={**CARL, "roles": ["admin"]}, headers=helper),
        await client.patch(mine, json={"roles": ["admin"]}, headers=helper),
        await client.patch(mine, json={"roles": ["helper", "gardener", "admin"]}, headers=helper),
        await client.post("/auth/clients", json=program, headers=helper),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    users = "/api/v1/auth/users"
    change = f"PATCH {users}/{{user_id}}"
    assert told == [f"POST {users}", change, change, "POST /api/v1/auth/clients"]


@pytest.mark.parametrize("helper", ["helper"], indirect=True)
async def test_what_somebody_has_they_give(client: AsyncClient, helper: dict[str, str]) -> None:
    made = await client.post("/auth/users", json={**CARL, "roles": ["reader"]}, headers=helper)
    url = f"/auth/users/{made.json()['id']}"

    assert made.status_code == 201
    assert (await client.patch(url, json={"disabled": True}, headers=helper)).status_code == 200
    more = await client.patch(url, json={"roles": ["gardener"]}, headers=helper)
    assert more.status_code == 403
    assert (await client.delete(url, headers=helper)).status_code == 204


@any_helper
async def test_nobody_gets_the_secret_of_a_client_that_may_more(
    client: AsyncClient, helper: dict[str, str], admin: dict[str, str]
) -> None:
    program = {"name": "Nightly", "roles": ["admin"]}
    made = (await client.post("/auth/clients", json=program, headers=admin)).json()
    url = f"/auth/clients/{made['id']}"

    changes: list[dict[str, Any]] = [{"new_secret": True}, {"roles": []}, {"disabled": True}]
    for change in changes:
        assert (await client.patch(url, json=change, headers=helper)).status_code == 403
    assert (await client.delete(url, headers=helper)).status_code == 403
    assert (await client.get(url, headers=admin)).json()["version"] == made["version"]

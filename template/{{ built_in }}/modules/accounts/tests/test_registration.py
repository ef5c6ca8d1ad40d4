"""Accounts that people make themselves, where that is open."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.features import FeatureSettings

ME = "/auth/me"
BEN = {
    "email": "ben@example.com",
    "password": "ochre lantern sings eighty",  # pragma: allowlist secret
}


@pytest.fixture
def settings(settings: FeatureSettings) -> FeatureSettings:
    """Settings by which everybody may register."""
    given = {"registration": "open", "registration_roles": ("reader",)}
    return FeatureSettings(**{**settings.model_dump(), **given})


async def test_somebody_registers_and_logs_in(client: AsyncClient) -> None:
    made = await client.post(ME, json=BEN)
    tokens = (await client.post("/auth/sessions", json=BEN)).json()

    assert (made.status_code, made.json()["roles"]) == (201, ["reader"])
    mine = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await client.get("/beds", headers=mine)).status_code == 200
    assert (await client.post("/beds", headers=mine)).status_code == 403


async def test_nobody_names_roles_or_takes_an_address(client: AsyncClient) -> None:
    assert (await client.post(ME, json={**BEN, "roles": ["admin"]})).status_code == 422
    short = {**BEN, "password": "short"}  # pragma: allowlist secret
    assert (await client.post(ME, json=short)).status_code == 422
    assert (await client.post(ME, json=BEN)).status_code == 201
    assert (await client.post(ME, json=BEN)).status_code == 409


async def test_attempts_are_counted(client: AsyncClient, settings: Any) -> None:
    for _ in range(settings.login_attempts):
        await client.post(ME, json=BEN)

    assert (await client.post(ME, json=BEN)).status_code == 429


async def test_where_it_is_closed_nobody_registers(client: AsyncClient, app: FastAPI) -> None:
    object.__setattr__(app.state.login.settings, "registration", "closed")

    answer = await client.post(ME, json=BEN)

    assert answer.status_code == 403
    assert "administrator" in answer.json()["detail"]

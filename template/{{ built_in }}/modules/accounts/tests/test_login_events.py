"""Who hears of logins: the audit log and the metrics."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis_accounts.settings import Settings

ANNA = {
    "email": "anna@example.com",
    "password": "violet tractor hums nineteen",  # pragma: allowlist secret
}
WRONG = {**ANNA, "password": "not the one"}  # pragma: allowlist secret
LOGIN = "/auth/sessions"


class Trail:
    """Takes in what is entered in the audit log."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str | None]] = []

    def tell(self, action: str, subject: str, actor: str | None = None) -> None:
        self.told.append((action, subject, actor))


@pytest.fixture
def trail(app: FastAPI) -> Trail:
    """The audit log of the application."""
    app.state.security_events = Trail()
    trail: Trail = app.state.security_events
    return trail


def value(app: FastAPI, outcome: str) -> float | None:
    """Say how many logins came to this, as the metrics have it."""
    found: float | None = app.state.metrics.registry.get_sample_value(
        "logins_total", {"outcome": outcome}
    )
    return found


async def test_logins_and_refusals_are_told(
    client: AsyncClient, app: FastAPI, anna: dict[str, Any], trail: Trail
) -> None:
    admitted = await client.post(LOGIN, json=ANNA)
    wrong = await client.post(LOGIN, json=WRONG)
    unknown = await client.post(LOGIN, json={**ANNA, "email": "nobody@example.com"})

    assert [one.status_code for one in (admitted, wrong, unknown)] == [201, 401, 401]
    own = {"Authorization": f"Bearer {anna['access_token']}"}
    account = (await client.get("/auth/me", headers=own)).json()["id"]
    assert trail.told == [
        ("login", "auth_users", account),
        ("login refused", "auth_users", account),
        ("login refused", "auth_users", "nobody"),
    ]
    assert value(app, "refused") == 2
    assert value(app, "reused") == 0


async def test_too_many_logins_are_told(
    client: AsyncClient, app: FastAPI, trail: Trail, own: Settings
) -> None:
    for _ in range(own.login_attempts + 1):
        answer = await client.post(LOGIN, json=WRONG)

    assert answer.status_code == 429
    assert trail.told[-1] == ("login throttled", "auth_users", "nobody")
    assert value(app, "throttled") == 1


async def test_a_refresh_token_that_comes_twice_is_told(
    client: AsyncClient, app: FastAPI, anna: dict[str, Any], trail: Trail
) -> None:
    first = token = anna["refresh_token"]
    for _ in range(2):
        answer = await client.post(f"{LOGIN}/refresh", json={"refresh_token": token})
        token = answer.json()["refresh_token"]
    again = await client.post(f"{LOGIN}/refresh", json={"refresh_token": first})

    assert again.status_code == 401
    assert trail.told[-1][:2] == ("refresh token reused", "auth_users")
    assert value(app, "reused") == 1

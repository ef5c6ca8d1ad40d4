"""Webhooks need a signature and no token; everything else about payments needs a token."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.identity import Principal
from chassis_payments.payment_api.reaching import stored_payments
from chassis_payments.payment_api.routes import PREFIX
from chassis_payments.payment_api.webhooks import WEBHOOKS
from chassis_payments.testing.stripe import KEY, SIGNER


@pytest.fixture
def app() -> FastAPI:
    settings = FeatureSettings(stripe_url=f"http://{KEY}:{SIGNER}@127.0.0.1:1")
    app = build_app("Shop", [], settings)
    app.dependency_overrides[stored_payments] = lambda: None  # it is never reached
    return app


async def test_only_webhooks_are_let_in_without_a_token(
    client: AsyncClient, ask_as: Callable[[Principal | None], None]
) -> None:
    ask_as(None)

    assert (await client.post(f"{WEBHOOKS}/stripe", content=b"{}")).status_code == 400  # forged
    assert (await client.post(PREFIX, json={})).status_code == 401
    assert (await client.get(PREFIX)).status_code == 401
    assert (await client.get(f"{WEBHOOKS}/stripe")).status_code in {401, 405}


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("POST", "", "provider-payments:create"),
        ("GET", "/{payment_id}", "provider-payments:read"),
        ("POST", "/{payment_id}/look", "provider-payments:read"),
        ("POST", "/{payment_id}/refunds", "provider-refunds:create"),
        ("GET", "/{payment_id}/refunds", "provider-refunds:read"),
    ],
)
def test_to_open_and_to_give_back_take_different_permissions(
    app: FastAPI, method: str, path: str, permission: str
) -> None:
    assert app.state.rules.permission_for(method, f"{PREFIX}{path}") == permission


def test_the_books_have_a_permission_of_their_own(app: FastAPI) -> None:
    path = "/api/v1/payment-reconciliations"

    assert app.state.rules.permission_for("GET", path) == "payment-reconciliations:read"

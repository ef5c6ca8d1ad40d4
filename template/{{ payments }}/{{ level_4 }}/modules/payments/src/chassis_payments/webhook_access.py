"""Webhooks are let in without a token, as what comes there is signed by the provider."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_payments.payment_api.webhooks import WEBHOOKS

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Open their route, whatever the policy says of others."""
    app.state.rules.signed.add(f"POST {WEBHOOKS}/{{provider}}")


lifespan = no_lifespan

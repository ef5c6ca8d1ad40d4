"""Fallback: a payment is turned to another provider, if nothing is known or in doubt at the first."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_payments.data.payment_fallback.routes import router
from chassis_payments.data.payment_fallback.turning import Turning

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the route."""
    app.state.payment_fallback = Turning(app.state.database)
    app.include_router(router)


lifespan = no_lifespan

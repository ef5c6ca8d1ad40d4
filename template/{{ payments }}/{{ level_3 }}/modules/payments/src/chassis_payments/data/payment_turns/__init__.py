"""Turns: how often somebody has asked for payments and refunds."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_payments.data.payment_turns.routes import router
from chassis_payments.data.payment_turns.turns import Turns

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the route."""
    app.state.payment_turns = Turns(app.state.database)
    app.include_router(router)


lifespan = no_lifespan

"""Suppressions: addresses that nothing is sent to."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_communications.data.suppressions.repository import Suppressions
from chassis_communications.data.suppressions.routes import router

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes."""
    app.state.suppressions = Suppressions(app.state.database, app.state.addresses_key)
    app.include_router(router)


lifespan = no_lifespan

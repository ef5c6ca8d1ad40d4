"""Preferences: what people want to get, and the erasure of what is known of them."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_communications.data.preferences.erasure import router as erasure
from chassis_communications.data.preferences.repository import Preferences
from chassis_communications.data.preferences.routes import router

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes."""
    app.state.preferences = Preferences(app.state.database, app.state.addresses_key)
    app.include_router(router)
    app.include_router(erasure)


lifespan = no_lifespan

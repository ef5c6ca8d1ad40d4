"""Messages: what is to be sent, and what has become of it."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_communications.data.messages.repository import Messages
from chassis_communications.data.messages.routes import router

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes; every step is told to the document service."""
    app.state.messages = Messages(app.state.database, app.state.teller.wake)
    app.include_router(router)


lifespan = no_lifespan

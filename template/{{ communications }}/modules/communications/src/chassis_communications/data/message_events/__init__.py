"""What providers tell of messages, until a worker has acted on it and after."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_communications.data.message_events.repository import MessageEvents
from chassis_communications.data.message_events.routes import router

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes."""
    app.state.message_events = MessageEvents(app.state.database)
    app.include_router(router)


lifespan = no_lifespan

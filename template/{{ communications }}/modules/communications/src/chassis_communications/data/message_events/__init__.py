"""The inbox of what providers tell of messages, until a worker has acted on it."""

from fastapi import FastAPI

from chassis.access_log import polls
from chassis.feature import no_lifespan
from chassis.webhooks.inbox import Inbox
from chassis_communications.data.message_events.model import MessageEvent
from chassis_communications.data.message_events.routes import router
from chassis_communications.message_events import EVENTS, DueMessageEvent

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes."""
    app.state.message_events = Inbox(app.state.database, MessageEvent, DueMessageEvent)
    app.include_router(router)
    polls.leave_out(f"{EVENTS}/due")


lifespan = no_lifespan

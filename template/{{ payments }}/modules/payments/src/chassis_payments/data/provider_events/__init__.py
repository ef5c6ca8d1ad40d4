"""The inbox of webhooks: what providers said, each of it once, until it is acted on."""

from fastapi import FastAPI

from chassis.access_log import polls
from chassis.feature import no_lifespan
from chassis_payments.data.provider_events.inbox import Inbox
from chassis_payments.data.provider_events.routes import router
from chassis_payments.payments import EVENTS

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes."""
    app.state.provider_events = Inbox(app.state.database)
    app.include_router(router)
    polls.leave_out(f"{EVENTS}/due")


lifespan = no_lifespan

"""Messages: what is to be sent, and what has become of it."""

from fastapi import FastAPI

from chassis.access_log import polls
from chassis.feature import no_lifespan
from chassis_communications.data.messages.repository import Messages
from chassis_communications.data.messages.routes import router
from chassis_communications.data.settings import Settings
from chassis_communications.messages import MESSAGES

__all__ = ["Settings", "install", "lifespan"]


def install(app: FastAPI, settings: Settings) -> None:
    """Add the routes; every step is told to the document service."""
    key = settings.addresses_key
    app.state.addresses_key = own = key.get_secret_value() if key else ""
    app.state.messages = Messages(app.state.database, own, app.state.teller.wake)
    app.include_router(router)
    polls.leave_out(MESSAGES)


lifespan = no_lifespan

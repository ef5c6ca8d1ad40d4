"""Preferences, consent and the way out, in the business API.

Links in messages show a page, and nothing else: scanners of mail follow all of them. What acts is
the button on it, or the POST of a mail program by RFC 8058.
"""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis.identity import PUBLIC
from chassis_communications.consent_api import (
    confirmations,
    consents,
    erasures,
    preferences,
    unsubscribes,
)
from chassis_communications.consent_api.settings import Settings
from chassis_communications.declared import Template
from chassis_communications.preferences import CONFIRM

__all__ = ["Settings", "install", "lifespan"]

OPEN = (
    "POST /api/v1/message-webhooks/sendgrid",
    "POST /api/v1/message-webhooks/ses",
    "POST /api/v1/message-webhooks/twilio/{message_id}",
    "GET /api/v1/unsubscribes/{message_id}/{token}",
    "POST /api/v1/unsubscribes/{message_id}/{token}",
    "GET /api/v1/confirmations/{preference_id}/{token}",
    "POST /api/v1/confirmations/{preference_id}/{token}",
)
"""Who calls these has no token of ours: they are signed, each in its way."""


def install(app: FastAPI, _settings: Settings) -> None:
    """Add the routes."""
    state = app.state
    state.templates.declare(CONFIRM, Template(category="security"))
    state.route_permissions = {
        **getattr(state, "route_permissions", {}),
        **dict.fromkeys(OPEN, PUBLIC),
    }
    for module in (preferences, consents, confirmations, unsubscribes, erasures):
        app.include_router(module.router)


lifespan = no_lifespan

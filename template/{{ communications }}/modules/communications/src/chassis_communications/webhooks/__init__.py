"""Webhooks: providers tell what has become of messages.

The bytes are verified as they came, and each event is kept once; the answer is given then, and a
worker acts on it later. What cannot be verified leaves nothing behind.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from chassis_communications.bounded import client_of
from chassis_communications.webhooks.routes import router
from chassis_communications.webhooks.settings import Settings
from chassis_communications.webhooks.sns import Sns

__all__ = ["Settings", "install", "lifespan"]


def install(app: FastAPI, _settings: Settings) -> None:
    """Add the routes."""
    app.include_router(router)


@asynccontextmanager
async def lifespan(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    """Hold what asks SNS for its certificates."""
    async with client_of(settings.webhook_timeout) as client:
        app.state.sns = Sns(settings.ses_topic, client)
        yield

"""A service of production that names no issuer lets no user in, and says so when it starts."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from chassis.access.settings import Settings

__all__ = ["install", "lifespan"]

logger = logging.getLogger(__name__)

PRODUCTION = "production"
NOBODY = "OIDC_ISSUER or OIDC_KEYS_URL is not set: no user is let in; see docs/issuer.md"


def install(_app: FastAPI, _settings: Settings) -> None:
    """Nothing: it is the service that starts, and no command beside it, that says something."""


@asynccontextmanager
async def lifespan(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    """Log what is missing."""
    named = settings.oidc_issuer and settings.oidc_keys_url
    if app.state.service.environment == PRODUCTION and not named:
        logger.error(NOBODY)
    yield

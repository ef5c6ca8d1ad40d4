"""A service of production that names no issuer lets no user in, and says so when it starts."""

import logging

from fastapi import FastAPI

from chassis.access.settings import Settings
from chassis.feature import no_lifespan

__all__ = ["install", "lifespan"]

logger = logging.getLogger(__name__)

PRODUCTION = "production"
NOBODY = "OIDC_ISSUER or OIDC_KEYS_URL is not set: no user is let in; see docs/issuer.md"


def install(app: FastAPI, settings: Settings) -> None:
    """Log what is missing."""
    named = settings.oidc_issuer and settings.oidc_keys_url
    if app.state.service.environment == PRODUCTION and not named:
        logger.error(NOBODY)


lifespan = no_lifespan

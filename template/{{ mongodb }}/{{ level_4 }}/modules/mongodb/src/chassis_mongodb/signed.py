"""Signed calls to the document service: it takes those of this system, and no others."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_mongodb.history import Settings


def install(app: FastAPI, settings: Settings) -> None:
    """Sign what is sent to it."""
    app.state.signed_calls.to(settings.documents_url)


lifespan = no_lifespan

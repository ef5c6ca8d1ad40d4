"""History: what happened to a record, as the document service keeps it, in the business API."""

from fastapi import FastAPI
from pydantic_settings import BaseSettings

from chassis.feature import no_lifespan
from chassis_mongodb.history.routes import router

__all__ = ["Settings", "install", "lifespan"]


class Settings(BaseSettings):
    """Settings of the history."""

    documents_url: str = "http://127.0.0.1:8002"
    """Where the document service is."""


def install(app: FastAPI, _settings: Settings) -> None:
    """Add the route."""
    app.include_router(router)


lifespan = no_lifespan

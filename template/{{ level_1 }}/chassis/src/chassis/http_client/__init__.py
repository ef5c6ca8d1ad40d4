"""HTTP client: one pool of connections for the calls to other services, at ``app.state.http``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from chassis.http_client.client import HeaderProvider, HttpClient, Params, Reply
from chassis.http_client.replies import raise_for_problem
from chassis.http_client.settings import Settings

__all__ = [
    "HeaderProvider",
    "HttpClient",
    "Params",
    "Reply",
    "Settings",
    "install",
    "lifespan",
    "raise_for_problem",
]


def install(app: FastAPI, settings: Settings) -> None:
    """Give the application its client; it connects with the first request."""
    app.state.http = HttpClient(settings)


@asynccontextmanager
async def lifespan(app: FastAPI, _settings: Settings) -> AsyncIterator[None]:
    """Close the client's connections when the application stops."""
    try:
        yield
    finally:
        await app.state.http.close()

"""HTTP client: one pool of connections for the calls to other services, at ``state.http``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.feature import Host
from chassis.http_client.client import (
    Call,
    HeaderProvider,
    Headers,
    HttpClient,
    Interceptor,
    Params,
    Reply,
    Request,
)
from chassis.http_client.replies import raise_for_problem
from chassis.http_client.settings import Settings

__all__ = [
    "Call",
    "HeaderProvider",
    "Headers",
    "HttpClient",
    "Interceptor",
    "Params",
    "Reply",
    "Request",
    "Settings",
    "install",
    "lifespan",
    "raise_for_problem",
]


def install(host: Host, settings: Settings) -> None:
    """Give the service its client; it connects with the first request."""
    host.state.http = HttpClient(settings)


@asynccontextmanager
async def lifespan(host: Host, _settings: Settings) -> AsyncIterator[None]:
    """Close the client's connections when the service stops."""
    try:
        yield
    finally:
        await host.state.http.close()

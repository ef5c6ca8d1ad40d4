"""Health: ``/health`` says that the process lives, ``/ready`` whether it can do its work.

A feature, or a service in its ``main.py``, adds what has to work: ``app.state.checks.add(...)``,
and with ``optional=True`` what the service can do without: it is ready then, and degraded.
The services that a service depends on are checked by themselves: those whose address is a
setting named ``..._api_url``.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from pydantic import PositiveFloat
from pydantic_settings import BaseSettings

from chassis import http_client
from chassis.health.access_log import leave_out
from chassis.health.checks import Check, Checks
from chassis.health.routes import router
from chassis.health.services import addresses, answers

__all__ = ["Check", "Checks", "Settings", "install", "lifespan"]


class Settings(BaseSettings):
    """Settings of the health checks."""

    ready_timeout: PositiveFloat = 2
    """Seconds that a check of what the service depends on may take."""


def install(app: FastAPI, settings: Settings) -> None:
    """Add the two routes, and a check of each service that this one depends on."""
    app.state.checks = Checks(settings.ready_timeout)
    app.include_router(router)
    # A client of its own: a probe is not tried again, and does not wait for other calls.
    app.state.probe = http_client.HttpClient(
        http_client.Settings(http_timeout=settings.ready_timeout, http_attempts=1)
    )
    app.state.probe.header_providers = app.state.http.header_providers
    for name, address in addresses(settings).items():
        app.state.checks.add(name, answers(app.state.probe, address))
    leave_out("/health", "/ready")


@asynccontextmanager
async def lifespan(app: FastAPI, _settings: Settings) -> AsyncIterator[None]:
    """Close the connections of the probes when the application stops."""
    try:
        yield
    finally:
        await app.state.checks.close()
        await app.state.probe.close()

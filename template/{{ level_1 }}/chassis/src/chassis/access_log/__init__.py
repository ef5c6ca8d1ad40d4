"""Access log: one line a request, which tells nothing that people sent.

A path is told as its route has it (``/tasks/{task_id}``), queries, headers and addresses are not
told at all.
"""

import logging
import time

from fastapi import FastAPI
from pydantic_settings import BaseSettings
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.access_log.routes import route_of
from chassis.feature import no_lifespan

__all__ = ["FIELDS", "LOGGER", "AccessLog", "Settings", "install", "lifespan", "route_of"]

LOGGER = "chassis.access_log"
FIELDS = ("method", "route", "status", "milliseconds")
"""What the arguments of a line are."""
GONE = 499
"""The status of a request whose client did not wait for the answer."""

logger = logging.getLogger(LOGGER)


class Settings(BaseSettings):
    """Settings of the access log."""

    access_log: bool = True
    """Whether requests are logged."""


def install(app: FastAPI, settings: Settings) -> None:
    """Log every request."""
    if settings.access_log:
        app.add_middleware(AccessLog)


lifespan = no_lifespan


class AccessLog:
    """Writes a line when a request is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = GONE
        started = time.perf_counter()

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, observed)
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000)
            logger.info("%s %s %d %d ms", scope["method"], route_of(scope), status, milliseconds)

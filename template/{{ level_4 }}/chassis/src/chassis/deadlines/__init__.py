"""Deadlines: a request is worked on for so long, by all services that take part in it.

The first service of a request gives it a time. Every call to another service tells how much of it
is left (`chassis.resilience`), and that one stops when it is over (`chassis.deadlines.received`):
nobody works for a client that has been answered.

A path that takes longer says so: ``allow_longer(app, "/api/v1/exports/{export_id}", 600)``.
"""

from re import Pattern

from fastapi import FastAPI
from pydantic import PositiveFloat
from pydantic_settings import BaseSettings
from starlette.routing import compile_path
from starlette.types import Scope

from chassis.deadlines.middleware import Deadline
from chassis.deadlines.time_left import HEADER, time_left, within
from chassis.feature import no_lifespan

__all__ = [
    "HEADER",
    "Deadline",
    "Settings",
    "allow_longer",
    "install",
    "lifespan",
    "time_left",
    "within",
]

type Longer = tuple[Pattern[str], float]
"""Paths that take longer, and how long."""


class Settings(BaseSettings):
    """Settings of the deadlines."""

    request_time: PositiveFloat = 12
    """Seconds that a request may take in all: more than one call to another service may take, less
    than the gateway waits."""


def install(app: FastAPI, settings: Settings) -> None:
    """Give every request its time, whatever clients say of it; a stream has no end."""
    longer, streams = _longer(app), app.state.streams

    def seconds(scope: Scope) -> float | None:
        if scope["path"] in streams:
            return None
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return next((time for known, time in longer if known.match(path)), settings.request_time)

    app.add_middleware(Deadline, seconds=seconds)


def allow_longer(app: FastAPI, path: str, seconds: float) -> None:
    """Let requests for a path take longer than others, before the first one comes."""
    _longer(app).append((compile_path(path)[0], seconds))


def _longer(app: FastAPI) -> list[Longer]:
    if not hasattr(app.state, "longer_requests"):
        app.state.longer_requests = []
    longer: list[Longer] = app.state.longer_requests
    return longer


lifespan = no_lifespan

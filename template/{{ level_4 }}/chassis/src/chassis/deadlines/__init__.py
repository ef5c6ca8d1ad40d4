"""Deadlines: a request is worked on for so long, by all services that take part in it.

The first service of a request gives it a time. Every call to another service tells how much of it
is left (`chassis.resilience`), and that one stops when it is over (`chassis.deadlines.received`):
nobody works for a client that has been answered.
"""

from fastapi import FastAPI
from pydantic import PositiveFloat
from pydantic_settings import BaseSettings

from chassis.deadlines.middleware import Deadline
from chassis.deadlines.time_left import HEADER, time_left, within
from chassis.feature import no_lifespan

__all__ = ["HEADER", "Deadline", "Settings", "install", "lifespan", "time_left", "within"]


class Settings(BaseSettings):
    """Settings of the deadlines."""

    request_time: PositiveFloat = 12
    """Seconds that a request may take in all: more than one call to another service may take, less
    than the gateway waits."""


def install(app: FastAPI, settings: Settings) -> None:
    """Give every request its time, whatever clients say of it."""
    app.add_middleware(Deadline, seconds=lambda _scope: settings.request_time)


lifespan = no_lifespan

"""Draining: a service that is told to stop goes on answering for a while, and lets go of clients.

It takes no more connections. For DRAIN_TIME seconds it answers over those that are open, each answer
closes its connection, and ``/ready`` is 503. So whoever sends requests takes other instances before
this one is gone: none is sent into a connection that is just being closed. Then the service stops
as it always does.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from pydantic import NonNegativeFloat
from pydantic_settings import BaseSettings

from chassis.draining.closing import ClosingAnswers
from chassis.draining.stopping import Draining

__all__ = ["Settings", "install", "lifespan"]


class Settings(BaseSettings):
    """Settings of the end of a service."""

    drain_time: NonNegativeFloat = 0
    """Seconds for which it goes on answering when it is told to stop; 0 where it is the only one."""


def install(app: FastAPI, settings: Settings) -> None:
    """Prepare for the end."""
    draining = app.state.draining = Draining(settings.drain_time)
    app.add_middleware(ClosingAnswers, draining=draining)
    app.state.checks.add("running", draining.check)


@asynccontextmanager
async def lifespan(app: FastAPI, _settings: Settings) -> AsyncIterator[None]:
    """Stand between the signal and the server while the application runs."""
    draining: Draining = app.state.draining
    draining.begun = app.state.stopping  # streams end when it begins, and come back elsewhere
    with draining.in_between():
        yield

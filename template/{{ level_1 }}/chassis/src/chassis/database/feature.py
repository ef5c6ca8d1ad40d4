"""The database as a feature of an application, at ``app.state.database``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from chassis.database.engine import Database
from chassis.database.settings import DatabaseSettings


def install(app: FastAPI, settings: DatabaseSettings) -> None:
    """Give the application its database; it connects with the first request."""
    app.state.database = Database(settings)


@asynccontextmanager
async def lifespan(app: FastAPI, _settings: DatabaseSettings) -> AsyncIterator[None]:
    """Close the connections when the application stops."""
    try:
        yield
    finally:
        await app.state.database.close()

"""The database as something that has to work before a data service can do its work."""

from typing import TYPE_CHECKING

from fastapi import FastAPI

from chassis.feature import no_lifespan

if TYPE_CHECKING:
    from chassis.database.engine import Database


def install(app: FastAPI, _settings: object) -> None:
    """Add the check: a statement is answered, over a connection that no request waits for."""
    database: Database = app.state.database

    async def check() -> None:
        await database.ping()

    app.state.checks.add("database", check)


lifespan = no_lifespan

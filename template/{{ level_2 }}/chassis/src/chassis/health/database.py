"""The database as something that has to work before a data service can do its work."""

from typing import TYPE_CHECKING

from fastapi import FastAPI

from chassis.feature import no_lifespan

if TYPE_CHECKING:
    from chassis.database.engine import Database


def install(app: FastAPI, _settings: object) -> None:
    """Add the check: a connection is there, and a statement is answered."""
    database: Database = app.state.database

    async def check() -> None:
        async with database.connect() as connection:
            await connection.exec_driver_sql("SELECT 1")

    app.state.checks.add("database", check)


lifespan = no_lifespan

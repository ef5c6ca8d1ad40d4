"""Files: which there are, what they are and what they belong to; not what is in them."""

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access_log import polls
from chassis.database.engine import Change
from chassis.feature import no_lifespan
from chassis_files.data.stored_files.repository import StoredFiles
from chassis_files.data.stored_files.routes import router
from chassis_files.files import PATH

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes, and give up the files of a record with the record."""
    stored = app.state.stored_files = StoredFiles(app.state.database)

    async def release(connection: AsyncConnection, change: Change) -> None:
        if change.kind == "remove":
            await stored.release_of(connection, change.table, change.id)

    app.state.database.recorders.append(release)
    app.include_router(router)
    polls.leave_out(PATH)


lifespan = no_lifespan

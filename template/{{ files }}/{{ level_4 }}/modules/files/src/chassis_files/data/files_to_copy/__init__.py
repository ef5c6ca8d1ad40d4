"""Files that have to be copied to the second store: noted in the transaction that makes one clean."""

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access_log import polls
from chassis.database.engine import Change
from chassis.feature import no_lifespan
from chassis_files.copies.due import DUE
from chassis_files.data.files_to_copy.repository import FilesToCopy
from chassis_files.data.files_to_copy.routes import router

__all__ = ["install", "lifespan"]

FILES = "stored_files"


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes, and take note of every file that becomes clean, or is forgotten."""
    due = app.state.files_to_copy = FilesToCopy(app.state.database)

    async def take_note(connection: AsyncConnection, change: Change) -> None:
        if change.table != FILES:
            return
        if change.kind == "remove":
            await due.done_in(connection, change.id)
        elif change.values.get("state") == "clean":
            await due.add_in(connection, change.id)

    app.state.database.recorders.append(take_note)
    app.include_router(router)
    polls.leave_out(DUE)


lifespan = no_lifespan

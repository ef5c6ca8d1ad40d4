from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis.schemas import Page
from chassis_files.data.stored_files.repository import StoredFiles
from chassis_files.files import (
    PATH,
    FileState,
    NewFile,
    ReleasedOrphans,
    StoredFileQuery,
    StoredFileRead,
)

router = APIRouter(prefix=PATH, tags=["stored files"])


async def stored_files(connection: HTTPConnection) -> StoredFiles:
    """Reach the files in the application's database."""
    stored: StoredFiles = connection.app.state.stored_files
    return stored


StoredFilesDep = Annotated[StoredFiles, Depends(stored_files)]


@router.put("/{file_id}", responses=responses(409, 422))
async def begin_stored_file(file_id: UUID, body: NewFile, stored: StoredFilesDep) -> StoredFileRead:
    """Begin a file, under an id that nobody has."""
    return await stored.begin(file_id, body)


@router.get("", responses=responses(422))
async def list_stored_files(
    query: Annotated[StoredFileQuery, Query()], stored: StoredFilesDep
) -> Page[StoredFileRead]:
    """Select one page of files."""
    return await stored.list(query)


@router.get("/{file_id}", responses=responses(404, 422))
async def get_stored_file(file_id: UUID, stored: StoredFilesDep) -> StoredFileRead:
    """Get what is known of a file."""
    return await stored.get(file_id)


@router.put("/orphans/released", responses=responses(422))
async def release_orphans(
    stored: StoredFilesDep, after: Annotated[UUID | None, Query()] = None
) -> ReleasedOrphans:
    """Release the files of records that are gone, in one part of those after an id."""
    return await stored.release_orphans(after)


@router.put("/{file_id}/state", responses=responses(404, 409, 422))
async def set_stored_file_state(
    file_id: UUID, body: FileState, stored: StoredFilesDep
) -> StoredFileRead:
    """Say what a file has come to; twice is once."""
    return await stored.advance(file_id, body)


@router.delete("/{file_id}", status_code=204, responses=responses(404, 422))
async def release_stored_file(file_id: UUID, stored: StoredFilesDep) -> None:
    """Keep that nobody wants a file any more."""
    await stored.release(file_id)


@router.delete("/{file_id}/record", status_code=204, responses=responses(404, 422))
async def forget_stored_file(file_id: UUID, stored: StoredFilesDep) -> None:
    """Forget a file that the store has no longer."""
    await stored.remove(file_id)

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis.schemas import Page
from chassis_files.copies.due import DUE, FilesToCopyQuery, FileToCopyRead
from chassis_files.data.files_to_copy.repository import FilesToCopy

router = APIRouter(prefix=DUE, tags=["stored files"])


async def files_to_copy(connection: HTTPConnection) -> FilesToCopy:
    """Reach them in the application's database."""
    due: FilesToCopy = connection.app.state.files_to_copy
    return due


DueDep = Annotated[FilesToCopy, Depends(files_to_copy)]


@router.get("", responses=responses(422))
async def list_files_to_copy(
    query: Annotated[FilesToCopyQuery, Query()], due: DueDep
) -> Page[FileToCopyRead]:
    """List the files that have to be copied, those first that wait longest."""
    return await due.list(query)


@router.delete("/{file_id}", status_code=204, responses=responses(422))
async def forget_file_to_copy(file_id: UUID, due: DueDep) -> None:
    """Say that a file is copied; twice is once."""
    await due.done(file_id)

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from chassis.problems import Invalid, responses
from chassis.schemas import Page, Schema
from chassis_files.file_api.delivery import PREFIX, Delivery, FileShown
from chassis_files.file_api.downloading import SendFile
from chassis_files.file_api.multipart import FIELD, Upload
from chassis_files.file_api.receiving import ReceiveFile
from chassis_files.files import Collection, FileQuery, NewFile, StoredFileQuery
from chassis_files.names import safe_name
from chassis_files.storage import Storage
from chassis_files.stored_files import StoredFiles

GONE = "The client is gone."
HALF = "Say both, entity and entity_id, or neither."

# The body is read as it comes, so FastAPI does not know of it.
MULTIPART: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {FIELD: {"type": "string", "format": "binary"}},
                    "additionalProperties": False,
                }
            }
        },
    }
}
CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "All of it", "content": {"application/octet-stream": {}, "*/*": {}}},
    206: {"description": "The part that was asked for"},
    304: {"description": "The client has it already"},
    **responses(404, 409, 416, 422),
}

router = APIRouter(prefix=PREFIX, tags=["files"])


class Belonging(Schema):
    """What a file belongs to, and what it takes the place of."""

    entity: Collection | None = None
    """The collection of the record that it belongs to, such as ``loans``."""
    entity_id: UUID | None = None
    replaces: UUID | None = None
    """The file that is given up once this one is clean."""


async def stored_files(request: Request) -> StoredFiles:
    """Reach what is known of files."""
    state = request.app.state
    return StoredFiles(state.http, state.settings.data_api_url)


async def storage(request: Request) -> Storage:
    """Reach what is in files."""
    store: Storage = request.app.state.storage
    return store


async def delivery(request: Request) -> Delivery:
    """Reach how files are given out."""
    how: Delivery = request.app.state.file_delivery
    return how


StoredFilesDep = Annotated[StoredFiles, Depends(stored_files)]
StorageDep = Annotated[Storage, Depends(storage)]
DeliveryDep = Annotated[Delivery, Depends(delivery)]


@router.post("", status_code=201, responses=responses(409, 413, 415, 422), openapi_extra=MULTIPART)
async def upload_file(  # noqa: PLR0913, PLR0917  # what FastAPI gives
    belonging: Annotated[Belonging, Query()],
    request: Request,
    response: Response,
    stored: StoredFilesDep,
    store: StorageDep,
    how: DeliveryDep,
) -> FileShown:
    """Upload a file; it is given out once it has been looked at."""
    if (belonging.entity is None) != (belonging.entity_id is None):
        raise Invalid(HALF, field="entity_id" if belonging.entity else "entity")
    state = request.app.state
    settings, observers = state.settings, state.upload_observers
    receive = ReceiveFile(stored, store, settings.files_kinds, settings.files_max_bytes, observers)
    upload = Upload(request.headers.get("content-type", ""), _body(request))
    await upload.opened()
    new = NewFile(name=safe_name(upload.name), **belonging.model_dump())
    received = await receive(upload, new)
    response.headers["Location"] = f"{PREFIX}/{received.id}"
    return how.shown(received)


@router.get("", responses=responses(422))
async def list_files(
    query: Annotated[FileQuery, Query()], stored: StoredFilesDep, how: DeliveryDep
) -> Page[FileShown]:
    """List files: those of a record, or of a state."""
    page = await stored.list(StoredFileQuery(**query.model_dump(), released=False))
    return Page(items=[how.shown(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/{file_id}", responses=responses(404, 422))
async def get_file(file_id: UUID, stored: StoredFilesDep, how: DeliveryDep) -> FileShown:
    """Get what is known of a file."""
    return how.shown(await stored.get(file_id))


@router.get("/{file_id}/content", responses=CONTENT, response_class=Response)
async def download_file(
    file_id: UUID,
    request: Request,
    stored: StoredFilesDep,
    store: StorageDep,
    how: DeliveryDep,
) -> Response:
    """Download a file, or a part of it (`Range`), if the client does not have it already."""
    observers = request.app.state.download_observers
    return await SendFile(stored, store, how.cache, observers)(file_id, request)


@router.delete("/{file_id}", status_code=204, responses=responses(404, 422))
async def delete_file(file_id: UUID, stored: StoredFilesDep) -> None:
    """Give up a file; its bytes are removed soon after."""
    await stored.get(file_id)
    await stored.release(file_id)


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        raise HTTPException(400, GONE) from error

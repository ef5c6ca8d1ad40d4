import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from chassis.problems import Invalid, responses
from chassis.schemas import Exact, Schema
from chassis_files.direct.uploads import MOST_PARTS, DirectUploads, count_of
from chassis_files.file_api.delivery import PREFIX, FileShown
from chassis_files.file_api.routes import HALF, DeliveryDep, StoredFilesDep
from chassis_files.files import Collection, Digest, Kind, Name, NewFile
from chassis_files.names import safe_name

DIRECT = "/api/v1/direct-uploads"

router = APIRouter(prefix=DIRECT, tags=["files"])


class DirectUploadCreate(Schema):
    """A file that is to be sent to the store by links."""

    name: Name
    content_type: Kind
    """What it is; what is in it has to be of this kind."""
    size: Annotated[int, Field(ge=1, le=2**53), Exact()]
    sha256: Digest | None = None
    """Of all of it; where it is said, it is compared."""
    entity: Collection | None = None
    entity_id: Annotated[UUID, Exact()] | None = None
    replaces: Annotated[UUID, Exact()] | None = None


class PartRead(Schema):
    """A part that is there."""

    number: int
    size: int


class DirectUploadRead(Schema):
    """A file that comes in parts, each by a link of its own."""

    file: FileShown
    part_size: int
    """Bytes of a part; the last one has what is left."""
    part_count: int
    parts: list[PartRead]
    """Those that are there: an upload that broke off goes on with the others."""


class LinkCreate(Schema):
    """Which part is to be sent."""

    number: Annotated[int, Field(ge=1, le=1000), Exact()] = 1
    sha256: Digest
    """Of the part, in hexadecimal digits."""


class Completion(Schema):
    """What was sent."""

    sha256: Annotated[list[Digest], Field(max_length=MOST_PARTS)] | None = None
    """Of each part, in order. Some stores need it: they check the parts by it, and do not tell it."""


class LinkRead(Schema):
    """How a part is sent: with exactly these headers, or it is refused with 403."""

    method: Literal["PUT"]
    url: str
    headers: dict[str, str]
    expires_at: dt.datetime


async def direct_uploads(request: Request, stored: StoredFilesDep) -> DirectUploads:
    """Reach what signs links."""
    state = request.app.state
    return DirectUploads(stored, state.storage, state.direct, state.upload_observers)


UploadsDep = Annotated[DirectUploads, Depends(direct_uploads)]


@router.post("", status_code=201, responses=responses(409, 413, 415, 422))
async def begin_direct_upload(
    body: DirectUploadCreate,
    request: Request,
    response: Response,
    uploads: UploadsDep,
    how: DeliveryDep,
) -> DirectUploadRead:
    """Begin a file whose parts are sent to the store."""
    if (body.entity is None) != (body.entity_id is None):
        raise Invalid(HALF, field="entity_id" if body.entity else "entity")
    settings = request.app.state.settings
    new = NewFile(**{**body.model_dump(), "name": safe_name(body.name)})
    file = await uploads.begin(
        new, settings.files_kinds, settings.files_max_bytes, settings.files_part_bytes
    )
    response.headers["Location"] = f"{DIRECT}/{file.id}"
    return DirectUploadRead(
        file=how.shown(file), part_size=file.part_size or 0, part_count=count_of(file), parts=[]
    )


@router.get("/{file_id}", responses=responses(404, 422))
async def get_direct_upload(
    file_id: UUID, uploads: UploadsDep, how: DeliveryDep
) -> DirectUploadRead:
    """Get which parts of a file are there."""
    file = await uploads.get(file_id)
    there = await uploads.parts(file)
    return DirectUploadRead(
        file=how.shown(file),
        part_size=file.part_size or 0,
        part_count=count_of(file),
        parts=[PartRead(number=number, size=there[number].size) for number in sorted(there)],
    )


@router.post("/{file_id}/links", status_code=201, responses=responses(404, 409, 422))
async def create_upload_link(
    file_id: UUID, body: LinkCreate, response: Response, uploads: UploadsDep
) -> LinkRead:
    """Get a link that one part is sent by; it is good for a while."""
    link = await uploads.link(file_id, body.number, body.sha256)
    response.headers["Location"] = f"{DIRECT}/{file_id}"  # it says which parts are there
    return LinkRead(
        method="PUT", url=link.url, headers=dict(link.headers), expires_at=link.expires_at
    )


@router.put("/{file_id}/completion", responses=responses(404, 409, 422))
async def complete_direct_upload(
    file_id: UUID,
    response: Response,
    uploads: UploadsDep,
    how: DeliveryDep,
    body: Completion | None = None,
) -> FileShown:
    """Say that all of a file is sent; it is given out once it has been looked at."""
    file = await uploads.complete(file_id, body.sha256 if body else None)
    response.headers["Content-Location"] = f"{PREFIX}/{file_id}"
    return how.shown(file)


@router.delete("/{file_id}", status_code=204, responses=responses(404, 409, 422))
async def give_up_direct_upload(file_id: UUID, uploads: UploadsDep) -> None:
    """Give up a file that has not come; the parts that are there are removed."""
    await uploads.give_up(file_id)

"""Files, as the services speak of them."""

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from chassis.schemas import Answer, Exact, FromText, ListQuery, Schema
from chassis_files.names import LONGEST

PATH = "/api/v1/stored-files"
"""Where the data service has them."""

State = Literal["pending", "uploaded", "clean", "rejected"]
BEFORE = {"uploaded": "pending", "clean": "uploaded", "rejected": "uploaded"}
"""The state that a file has to be in to come to another one."""
FileSort = Literal["created_at", "-created_at"]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST), Exact()]
Collection = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=63)]
Kind = Annotated[str, Field(pattern=r"^[a-z]+/[A-Za-z0-9.+_-]+$", max_length=100)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Size = Annotated[int, Field(ge=0, le=2**53), Exact()]


class NewFile(Schema):
    """A file that begins to come."""

    name: Name
    entity: Collection | None = None
    """The collection of the record that it belongs to, such as ``loans``."""
    entity_id: Annotated[UUID, Exact()] | None = None
    replaces: Annotated[UUID, Exact()] | None = None
    """The file whose place it takes once it is clean."""
    content_type: Kind | None = None
    size: Size | None = None
    sha256: Digest | None = None
    part_size: Size | None = None
    """Bytes of a part, if the file comes by links; what it is to be is said before it comes."""
    upload_id: Annotated[str, Field(max_length=1024), Exact()] | None = None
    """What the store calls an upload in several parts."""


class FileState(Schema):
    """What a file has come to; what is not said stays as it is."""

    state: Literal["uploaded", "clean", "rejected"]
    content_type: Kind | None = None
    size: Size | None = None
    sha256: Digest | None = None
    reason: Annotated[str, Field(max_length=200), Exact()] | None = None
    made_by: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    """The worker whose work is kept; None where what was uploaded is."""


class FileRead(Answer):
    """A file, without what is in it."""

    id: UUID
    name: str
    state: State | str
    content_type: str | None
    """What it is, told by what is in it."""
    size: int | None
    sha256: str | None
    reason: str | None
    """Why it was rejected."""
    entity: str | None
    entity_id: UUID | None
    replaces: UUID | None
    created_at: dt.datetime
    updated_at: dt.datetime


class StoredFileRead(FileRead):
    """A file as the data service keeps it."""

    released: bool
    """Nobody wants it any more: it is removed from the store, and then forgotten."""
    part_size: int | None
    upload_id: str | None
    made_by: str | None = None


class ReleasedOrphans(Answer):
    """What came of looking at a part of the files, whether their records are there."""

    released: int
    last: UUID | None
    """The last one that was looked at; None if there is none after it."""


def is_already(file: StoredFileRead, state: FileState) -> bool:
    """Say whether a file has come to just this before."""
    said = state.model_dump(exclude_none=True)
    return all(getattr(file, name) == value for name, value in said.items())


class FileQuery(ListQuery):
    """Which files a list shows."""

    sort: FileSort = "-created_at"
    entity: Collection | None = None
    entity_id: Annotated[Annotated[UUID, Exact()] | None, FromText()] = None
    state: State | None = None


class StoredFileQuery(FileQuery):
    """Which files the data service lists."""

    released: Annotated[Annotated[bool, Exact()] | None, FromText()] = None
    created_at_max: Annotated[Annotated[AwareDatetime, Exact()] | None, FromText()] = None

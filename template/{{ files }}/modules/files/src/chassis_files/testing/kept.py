"""A data service in memory, as far as it knows of files."""

import datetime as dt
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

from chassis.problems import Conflict, NotFound
from chassis.schemas import Page
from chassis_files.files import (
    BEFORE,
    FileState,
    NewFile,
    ReleasedOrphans,
    StoredFileQuery,
    StoredFileRead,
    is_already,
)
from chassis_files.storage import ObjectStorage

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


class KeptFiles:
    """What is known of files, in memory; `failure` is raised when a file is said to be there."""

    def __init__(self) -> None:
        self.files: dict[UUID, StoredFileRead] = {}
        self.failure: Exception | None = None
        self.orphans = 0

    async def add(self, new: NewFile, file_id: UUID | None = None) -> StoredFileRead:
        """Begin a file."""
        file = StoredFileRead(
            id=file_id or uuid4(),
            state="pending",
            reason=None,
            released=False,
            made_by=None,
            created_at=NOON,
            updated_at=NOON,
            **new.model_dump(),
        )
        self.files[file.id] = file
        return file

    async def get(self, file_id: UUID) -> StoredFileRead:
        """Give a file that somebody wants."""
        if file_id not in self.files or self.files[file_id].released:
            raise NotFound("File not found.")
        return self.files[file_id]

    async def list(self, query: StoredFileQuery) -> Page[StoredFileRead]:
        """Give one page of the files that match."""
        wanted = query.model_dump(
            include={"state", "released", "entity", "entity_id"}, exclude_none=True
        )
        latest = query.created_at_max
        found = [
            file
            for file in self.files.values()
            if all(getattr(file, name) == value for name, value in wanted.items())
            and (latest is None or file.created_at <= latest)
        ]
        begin = next((at for at, file in enumerate(found, 1) if str(file.id) == query.cursor), 0)
        part = found[begin : begin + query.limit]
        more = len(found) > begin + query.limit
        return Page(items=part, next_cursor=str(part[-1].id) if more else None)

    async def set_state(self, file_id: UUID, state: FileState) -> StoredFileRead:
        """Say what a file has come to, as the data service does."""
        if self.failure:
            raise self.failure
        file = await self.get(file_id)
        if file.state == state.state and is_already(file, state):
            return file
        if file.state != BEFORE[state.state]:
            raise Conflict("It is decided on.")
        values = state.model_dump(exclude_none=True)
        self.files[file_id] = file.model_copy(update=values)
        return self.files[file_id]

    async def release(self, file_id: UUID) -> None:
        """Say that nobody wants a file."""
        self.files[file_id] = self.files[file_id].model_copy(update={"released": True})

    async def release_orphans(self, _after: UUID | None) -> ReleasedOrphans:
        """Count how often it is asked for."""
        self.orphans += 1
        return ReleasedOrphans(released=0, last=None)

    async def forget(self, file_id: UUID) -> None:
        """Forget a file."""
        del self.files[file_id]


async def all_of(storage: ObjectStorage) -> list[str]:
    """Give the keys of all that a store in memory has."""
    pages = storage.store.list()
    return sorted(str(one["path"]) for page in pages for one in page)


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """Give bytes as they come."""
    for part in parts:
        yield part

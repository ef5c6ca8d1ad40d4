"""What is known of files, kept by the data service and reached over HTTP."""

from http import HTTPStatus
from uuid import UUID, uuid4

from chassis.data_api import PAST_CACHES, KeepingHttp, Reader
from chassis.http_client import raise_for_problem
from chassis.problems import NotFound
from chassis.schemas import Page
from chassis_files.files import (
    PATH,
    FileState,
    NewFile,
    ReleasedOrphans,
    StoredFileQuery,
    StoredFileRead,
)

GONE = "File not found."

_files = Reader(StoredFileRead, "stored file")
_orphans = Reader(ReleasedOrphans, "released files")


class StoredFiles:
    """The files of a data service; raises what it answers, and Unavailable without an answer.

    Nothing comes from a cache: whether a file may be given out is decided on what is so now.
    """

    def __init__(self, http: KeepingHttp, base_url: str) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}{PATH}"

    async def add(self, new: NewFile, file_id: UUID | None = None) -> StoredFileRead:
        """Begin a file; raises Invalid if what it belongs to is not there."""
        url = f"{self._url}/{file_id or uuid4()}"
        body = new.model_dump_json(exclude_none=True).encode()
        return _files.written(await self._http.put(url, json_body=body))

    async def get(self, file_id: UUID) -> StoredFileRead:
        """Give a file that somebody wants; raises NotFound."""
        found = _files.one(await self._http.get(f"{self._url}/{file_id}", headers=PAST_CACHES))
        if found.released:
            raise NotFound(GONE)
        return found

    async def list(self, query: StoredFileQuery) -> Page[StoredFileRead]:
        """Give one page of the files that match."""
        params = query.model_dump(mode="json", exclude_none=True)
        return _files.page(await self._http.get(self._url, params=params, headers=PAST_CACHES))

    async def set_state(self, file_id: UUID, state: FileState) -> StoredFileRead:
        """Say what a file has come to; raises Conflict if it has come to something else."""
        body = state.model_dump_json(exclude_none=True).encode()
        return _files.written(await self._http.put(f"{self._url}/{file_id}/state", json_body=body))

    async def release(self, file_id: UUID) -> None:
        """Say that nobody wants a file any more; raises NotFound."""
        raise_for_problem(await self._http.delete(f"{self._url}/{file_id}"))

    async def release_orphans(self, after: UUID | None) -> ReleasedOrphans:
        """Release the files of records that are gone, in one part of those after an id."""
        asked = f"?after={after}" if after else ""
        return _orphans.written(await self._http.put(f"{self._url}/orphans/released{asked}"))

    async def forget(self, file_id: UUID) -> None:
        """Forget a file that the store has no longer."""
        reply = await self._http.delete(f"{self._url}/{file_id}/record")
        if reply.status != HTTPStatus.NOT_FOUND:
            raise_for_problem(reply)

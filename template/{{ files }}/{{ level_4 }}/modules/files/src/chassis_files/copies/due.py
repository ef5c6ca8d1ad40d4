import datetime as dt
from typing import Literal
from uuid import UUID

from chassis.data_api import PAST_CACHES, KeepingHttp, Reader
from chassis.http_client import raise_for_problem
from chassis.schemas import Answer, ListQuery

DUE = "/api/v1/files-to-copy"


class FileToCopyRead(Answer):
    """A file that has to be copied."""

    id: UUID
    created_at: dt.datetime


class FilesToCopyQuery(ListQuery):
    """Which of them a list shows."""

    sort: Literal["created_at", "-created_at"] = "created_at"


_files = Reader(FileToCopyRead, "file to copy")


class DueFiles:
    """The files that a data service knows have to be copied."""

    def __init__(self, http: KeepingHttp, base_url: str) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}{DUE}"

    async def list(self) -> list[FileToCopyRead]:
        """Give those that wait longest."""
        reply = await self._http.get(self._url, params={"limit": 100}, headers=PAST_CACHES)
        return _files.page(reply).items

    async def done(self, file_id: UUID) -> None:
        """Say that one is copied; twice is once."""
        raise_for_problem(await self._http.delete(f"{self._url}/{file_id}"))

"""What nobody wants is removed, first from the store and then from what is known."""

import datetime as dt
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from chassis.problems import ProblemError
from chassis_files.direct.port import DirectStorage, incoming
from chassis_files.files import StoredFileQuery, StoredFileRead
from chassis_files.keys import made_of
from chassis_files.storage import Storage
from chassis_files.stored_files import StoredFiles

logger = logging.getLogger(__name__)

PAGE = 100
PARTS = 10
"""Parts of the files that are looked through for nothing at most, each time."""
CLOCKS_DIFFER = dt.timedelta(hours=1)
"""By how much that of the store may at most differ from that of the database."""


class Elsewhere(Protocol):
    """Where files are besides the store."""

    async def remove(self, key: str) -> None:
        """Remove a file; it need not be there. Raises Unavailable."""
        ...


@dataclass(slots=True)
class SweepFiles:
    """Remove files that did not come, whose record is gone, or that were given up.

    Whose records are gone is found out little by little: each time goes on where the last one ended.
    """

    stored: StoredFiles
    storage: Storage
    direct: DirectStorage
    pending_for: dt.timedelta
    elsewhere: Sequence[Elsewhere] = ()
    after: UUID | None = field(default=None, init=False)
    """The last file whose record was looked for; None to begin again."""

    async def __call__(self) -> int:
        """Say how many were removed; raises Unavailable when the store or the service is away."""
        hindrance: ProblemError | None = None
        try:
            await self._release_orphans()
        except ProblemError as error:  # nothing else depends on it
            hindrance = error
        removed = await self._remove()
        if hindrance:
            raise hindrance
        return removed

    async def _release_orphans(self) -> None:
        """Go on until some parts had none, or to the end."""
        for_nothing = 0
        while for_nothing < PARTS:
            found = await self.stored.release_orphans(self.after)
            self.after = found.last
            if found.last is None:
                return
            for_nothing += not found.released

    async def _remove(self) -> int:
        before = dt.datetime.now(dt.UTC) - self.pending_for
        async for late in self._all(StoredFileQuery(state="pending", created_at_max=before)):
            await self.stored.release(late.id)
        removed = 0
        async for file in self._all(StoredFileQuery(released=True)):
            await self._remove_one(file)
            await self.stored.forget(file.id)
            removed += 1
        removed += await self.direct.sweep(await self._before_what_waits(before))
        if removed:
            logger.info("%d files that nobody wants were removed", removed)
        return removed

    async def _before_what_waits(self, before: dt.datetime) -> dt.datetime:
        """Give a moment before which nothing came that still waits to be looked at."""
        async for oldest in self._all(StoredFileQuery(state="uploaded", released=False)):
            return min(before, oldest.created_at - CLOCKS_DIFFER)
        return before

    async def _remove_one(self, file: StoredFileRead) -> None:
        key = str(file.id)
        if file.upload_id:
            await self.direct.abort(key, file.upload_id)
        if file.part_size is not None:
            await self.storage.delete(incoming(key))
        for one in self.elsewhere:
            await one.remove(key)
        await self.storage.remove_folder(made_of(file.id))
        await self.storage.delete(key)

    async def _all(self, query: StoredFileQuery) -> AsyncIterator[StoredFileRead]:
        """Give every file that matches, the oldest first; each is gone from the list afterwards."""
        asked = query.model_copy(update={"limit": PAGE, "sort": "created_at"})
        while True:
            page = await self.stored.list(asked)
            for file in page.items:
                yield file
            if page.next_cursor is None:
                return
            asked = asked.model_copy(update={"cursor": page.next_cursor})

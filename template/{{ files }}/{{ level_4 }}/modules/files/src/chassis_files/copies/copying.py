import datetime as dt
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from chassis.problems import Conflict, NotFound, ProblemError, TooLarge
from chassis_files.copies.due import DueFiles
from chassis_files.direct.port import DirectStorage
from chassis_files.files import StoredFileRead
from chassis_files.keys import key_of, made
from chassis_files.measuring import Measured
from chassis_files.storage import ObjectStorage
from chassis_files.stored_files import StoredFiles
from chassis_files.thumbnail_key import thumbnail_key

logger = logging.getLogger(__name__)

UPLOADED_WITHIN = dt.timedelta(days=1)
CHANGED = "The store has lost or changed it."
DELETED = "deleted"
"""The folder of copies of files that are gone."""


class CopyWatcher(Protocol):
    """Is told how copying goes on."""

    def waits(self, since: dt.datetime | None) -> None:
        """Hear since when the file waits that has waited longest; None if none does."""
        ...


class AnotherError(Exception):
    """A file is not what it was: it has another size, or another digest."""


@dataclass(frozen=True, slots=True)
class Copies:
    """The second store."""

    store: ObjectStorage
    direct: DirectStorage
    """The same store, as one in which uploads can be left over."""
    keep: dt.timedelta

    async def remove(self, key: str) -> None:
        """Put a copy aside: whoever deleted the file by mistake gets it back within days."""
        await self.store.delete(thumbnail_copy(key))
        size = await self.store.size(key)
        if size is not None:
            # Written anew, not moved: its age counts from now.
            await self.store.put(f"{DELETED}/{key}", await self.store.read(key, 0, size))
            await self.store.delete(key)

    async def forget(self) -> int:
        """Remove what was put aside long enough ago, and uploads that ended in no copy."""
        now = dt.datetime.now(dt.UTC)
        await self.direct.sweep(now - UPLOADED_WITHIN)
        return await self.store.remove_older(DELETED, now - self.keep)


@dataclass(slots=True)
class CopyFiles:
    """Copy what has to be; what cannot be copied goes on waiting."""

    due: DueFiles
    stored: StoredFiles
    storage: ObjectStorage
    copies: Copies
    watchers: Sequence[CopyWatcher] = ()
    after: str | None = field(default=None, init=False)
    """The cursor of those that come next; None for those that wait longest."""

    async def __call__(self) -> int:
        """Say how many were copied; raises what kept every one of them from it.

        None holds up the others: after those that failed come all that wait behind them.
        """
        after, self.after = self.after, None
        page = await self.due.list(after)
        if after is None:
            since = min((one.created_at for one in page.items), default=None)
            for watcher in self.watchers:
                watcher.waits(since)
        failures = [error for one in page.items if (error := await self._failure_of(one.id))]
        if failures or after:
            self.after = page.next_cursor
        if failures and len(failures) == len(page.items):
            raise failures[-1]
        return len(page.items) - len(failures)

    async def _failure_of(self, file_id: UUID) -> ProblemError | None:
        """Copy a file; give what went wrong, if something did."""
        try:
            await self._copy(file_id)
            await self.due.done(file_id)
        except ProblemError as error:
            logger.warning("File %s is not copied: %s", file_id, error.detail)
            return error
        return None

    async def _copy(self, file_id: UUID) -> None:
        """Copy a file, if somebody wants it; raises Conflict if it is not what it was."""
        try:
            file = await self.stored.get(file_id)
        except NotFound:
            return
        key, second = str(file_id), self.copies.store
        if not await transferred(file, (self.storage, key_of(file)), (second, key)):
            logger.error("File %s cannot be copied any more", key)
            raise Conflict(CHANGED)
        if file.made_by:
            small = thumbnail_key(made(file_id, file.made_by))
            await copied((self.storage, small), (second, thumbnail_copy(key)))


type Place = tuple[ObjectStorage, str]
"""A store, and a key in it."""


def thumbnail_copy(key: str) -> str:
    """Say where the thumbnail of a file is in the second store."""
    return f"thumbnails/{key}"


async def copied(source: Place, target: Place) -> None:
    """Bring whatever is there from one store to another."""
    storage, key = source
    size = await storage.size(key)
    if size is not None:
        await target[0].put(target[1], await storage.read(key, 0, size))


async def transferred(file: StoredFileRead, source: Place, target: Place) -> bool:
    """Bring a file from one store to another, if it is as it was; else nothing changes there."""
    size = file.size or 0
    try:
        content = await source[0].read(source[1], 0, size + 1)
        await target[0].put(target[1], _as_it_was(file, Measured(b"", content, size, text=False)))
    except (AnotherError, NotFound, TooLarge):
        return False
    return True


async def _as_it_was(file: StoredFileRead, measured: Measured) -> AsyncIterator[bytes]:
    """Give the bytes; raises AnotherError at their end, so that none of them is kept."""
    async for chunk in aiter(measured):
        yield chunk
    if measured.size != file.size or measured.digest.hexdigest() != file.sha256:
        raise AnotherError

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from chassis.problems import NotFound, TooLarge
from chassis_files.copies.due import DueFiles
from chassis_files.files import StoredFileRead
from chassis_files.measuring import Measured
from chassis_files.storage import ObjectStorage
from chassis_files.stored_files import StoredFiles
from chassis_files.thumbnail_key import thumbnail_key

logger = logging.getLogger(__name__)

DELETED = "deleted"
"""The folder of copies of files that are gone."""


class CopyWatcher(Protocol):
    """Is told how copying goes on."""

    def waits(self, since: dt.datetime | None) -> None:
        """Hear since when the file waits that has waited longest; None if none does."""
        ...


@dataclass(frozen=True, slots=True)
class Copies:
    """The second store."""

    store: ObjectStorage
    keep: dt.timedelta

    async def make(self, key: str, content: bytes, kind: str) -> None:
        """Do nothing: files are copied once they are clean."""

    async def remove(self, key: str) -> None:
        """Put a copy aside: whoever deleted the file by mistake gets it back within days."""
        await self.store.delete(thumbnail_key(key))
        size = await self.store.size(key)
        if size is not None:
            # Written anew, not moved: its age counts from now.
            await self.store.put(f"{DELETED}/{key}", await self.store.read(key, 0, size))
            await self.store.delete(key)

    async def forget(self) -> int:
        """Remove what was put aside long enough ago."""
        return await self.store.remove_older(DELETED, dt.datetime.now(dt.UTC) - self.keep)


@dataclass(frozen=True, slots=True)
class CopyFiles:
    """Copy what has to be; what cannot be copied goes on waiting."""

    due: DueFiles
    stored: StoredFiles
    storage: ObjectStorage
    copies: Copies
    watchers: Sequence[CopyWatcher] = ()

    async def __call__(self) -> int:
        """Say how many were copied; raises Unavailable when something that it takes is away."""
        waiting = await self.due.list()
        for watcher in self.watchers:
            watcher.waits(min((one.created_at for one in waiting), default=None))
        copied = 0
        for one in waiting:
            if await self._copied(one.id):
                await self.due.done(one.id)
                copied += 1
        return copied

    async def _copied(self, file_id: UUID) -> bool:
        """Say whether a file is copied, or need not be any more."""
        try:
            file = await self.stored.get(file_id)
        except NotFound:
            return True
        key = str(file_id)
        if not await transferred(file, self.storage, self.copies.store):
            logger.error("File %s cannot be copied: the store has lost or changed it", key)
            return False
        small = thumbnail_key(key)
        size = await self.storage.size(small)
        if size is not None:
            await self.copies.store.put(small, await self.storage.read(small, 0, size))
        return True


async def transferred(file: StoredFileRead, source: ObjectStorage, target: ObjectStorage) -> bool:
    """Bring a file from one store to another, if it is as it was; leave nothing else there."""
    key, size = str(file.id), file.size or 0
    try:
        content = await source.read(key, 0, size + 1)
        measured = Measured(b"", content, size, text=False)
        await target.put(key, aiter(measured))
    except (NotFound, TooLarge):
        return False
    if measured.size == size and measured.digest.hexdigest() == file.sha256:
        return True
    await target.delete(key)
    return False

"""A file that has come is looked at: whether it is what it is said to be, and does no harm."""

import asyncio
import datetime as dt
import hashlib
import logging
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID, uuid4

from chassis.problems import Conflict, NotFound, ProblemError, TooLarge
from chassis.schemas import Page
from chassis_files.direct.port import incoming
from chassis_files.files import FileState, StoredFileQuery, StoredFileRead
from chassis_files.inspection.pictures import FORMATS, PictureRefusedError, redrawn
from chassis_files.inspection.settings import Settings
from chassis_files.keys import content_in, made, made_of
from chassis_files.kinds import HEAD, TEXT, KindRefused, allowed_kind
from chassis_files.measuring import Measured
from chassis_files.storage import Storage
from chassis_files.stored_files import StoredFiles

logger = logging.getLogger(__name__)

AT_ONCE = 20
MISSING = "The store does not have it."
ANOTHER = "It is not what it was said to be."
LARGE = "The picture has too many bytes to be drawn anew."


class Objection(Exception):  # noqa: N818  # what is said against a file, and no error
    """What speaks against a file; people may read it."""


class Scanner(Protocol):
    """Looks for viruses."""

    async def virus_in(self, chunks: AsyncIterator[bytes]) -> str | None:
        """Name what is found; raises Unavailable if nobody can tell."""
        ...


class Watcher(Protocol):
    """Is told how looking at files goes on."""

    def waits(self, since: dt.datetime | None) -> None:
        """Hear since when the file waits that has waited longest; None if none does."""
        ...

    def scanned(self, seconds: float) -> None:
        """Hear how long a scan for viruses took, whatever came of it."""
        ...

    def decided(self, state: str, seconds: float) -> None:
        """Hear what a file has come to, and how long it was looked at."""
        ...


class Derived(Protocol):
    """Something that is made of every picture."""

    async def make(self, folder: str, content: bytes, kind: str) -> None:
        """Make it of a picture that was drawn anew, in the folder of that; raises Unavailable."""
        ...


@dataclass(slots=True)
class LookAtFiles:
    """Decide on every file that waits for it; one that cannot be decided on goes on waiting.

    Several workers may look at the same file: each makes what it makes in a folder of its own, and
    that of the first one who has decided is given out.
    """

    stored: StoredFiles
    storage: Storage
    settings: Settings
    scanner: Scanner | None = None
    watchers: Sequence[Watcher] = ()
    derived: Sequence[Derived] = ()
    after: str | None = field(default=None, init=False)
    """The cursor of those that come next; None for those that wait longest."""
    name: str = field(default_factory=lambda: uuid4().hex, init=False)
    """What no other worker is called, and none that is started later."""
    reasons: dict[UUID, str] = field(default_factory=dict, init=False)
    """Why files are rejected, until they are."""

    async def __call__(self) -> int:
        """Say how many were decided on; raises what kept every one of them from it.

        None holds up the others: after those that failed come all that wait behind them.
        """
        after, self.after = self.after, None
        page = await self._waiting(after)
        if after is None:
            since = min((file.updated_at for file in page.items), default=None)
            for watcher in self.watchers:
                watcher.waits(since)
        failures = [error for file in page.items if (error := await self._failure_of(file))]
        if failures or after:
            self.after = page.next_cursor
        if failures and len(failures) == len(page.items):
            raise failures[-1]
        return len(page.items) - len(failures)

    async def _waiting(self, after: str | None) -> Page[StoredFileRead]:
        """Give the first of those after a cursor; pages of which nothing can be read are passed over."""
        waiting = StoredFileQuery(
            state="uploaded", released=False, sort="created_at", limit=AT_ONCE, cursor=after
        )
        page = await self.stored.list(waiting)
        while not page.items and page.next_cursor is not None:
            waiting = waiting.model_copy(update={"cursor": page.next_cursor})
            page = await self.stored.list(waiting)
        return page

    async def _failure_of(self, file: StoredFileRead) -> Exception | None:
        """Decide on a file; give what went wrong, if something did."""
        try:
            await self._decide(file)
        except ProblemError as error:
            logger.warning("File %s waits: %s", file.id, error.detail)
            return error
        except Exception as error:  # in what strangers send is more than anybody thinks of
            logger.exception("File %s waits", file.id)
            return error
        return None

    async def _decide(self, file: StoredFileRead) -> None:
        began = time.perf_counter()
        verdict = await self._verdict(file)
        if verdict.state == "rejected":
            # Before anybody is told, as nobody would come back to it: what does harm never stays.
            await self._remove_sent(file)
            await self.storage.remove_folder(self._folder(file))
        try:
            await self.stored.set_state(file.id, verdict)
        except (Conflict, NotFound) as error:  # another worker was faster, or it is given up
            self.reasons.pop(file.id, None)
            logger.info("File %s was decided on already: %s", file.id, error.detail)
            await self.storage.remove_folder(self._folder(file))
            return
        self.reasons.pop(file.id, None)
        logger.info(
            "File %s is %s: %s", file.id, verdict.state, verdict.reason or file.content_type
        )
        for watcher in self.watchers:
            watcher.decided(verdict.state, time.perf_counter() - began)
        if verdict.made_by:
            await self._remove_sent(file)
        if verdict.made_by or verdict.reason:
            await self.storage.remove_folder(made_of(file.id), but=self._folder(file))

    async def _verdict(self, file: StoredFileRead) -> FileState:
        try:
            return await self._clean(file)
        except Objection as objection:
            self.reasons[file.id] = str(objection)
        except NotFound:  # or it was removed for a reason of which nobody could be told
            self.reasons.setdefault(file.id, MISSING)
        return FileState(state="rejected", reason=self.reasons[file.id])

    async def _remove_sent(self, file: StoredFileRead) -> None:
        await self.storage.delete(str(file.id))
        if file.part_size is not None:
            await self.storage.delete(incoming(str(file.id)))

    async def _clean(self, file: StoredFileRead) -> FileState:
        """Raise Objection if something speaks against a file, NotFound if the store lost it."""
        key, digest = str(file.id), None
        kind, size = file.content_type or "", file.size or 0
        if file.part_size is not None:
            key = content_in(self._folder(file))
            digest = await self._take_over(file, key)
        await self._check_kind(file, key)
        if self.scanner and (found := await self._scanned(self.scanner, key, size)):
            raise Objection(f"A virus was found: {found}"[:200])
        if kind in FORMATS:
            return await self._redraw(file, key)
        return FileState(state="clean", sha256=digest, made_by=self.name if digest else None)

    async def _take_over(self, file: StoredFileRead, key: str) -> str:
        """Copy what came by links to where none leads, and only then look; give its digest."""
        kind, size = file.content_type or "", file.size or 0
        # It may have been copied before; a picture may have been drawn over that.
        if kind in FORMATS or await self.storage.size(key) != size:
            await self.storage.copy(incoming(str(file.id)), key)
        content = await self.storage.read(key, 0, size + 1)
        measured = Measured(b"", content, size, text=kind == TEXT)
        try:
            async for _ in aiter(measured):
                pass
        except (TooLarge, KindRefused) as error:
            raise Objection(ANOTHER) from error
        digest = measured.digest.hexdigest()
        if measured.size != size or file.sha256 not in {None, digest}:
            raise Objection(ANOTHER)
        return digest

    async def _scanned(self, scanner: Scanner, key: str, size: int) -> str | None:
        began = time.perf_counter()
        try:
            return await scanner.virus_in(await self.storage.read(key, 0, size))
        finally:
            for watcher in self.watchers:
                watcher.scanned(time.perf_counter() - began)

    async def _check_kind(self, file: StoredFileRead, key: str) -> None:
        head = await self._read(key, min(HEAD, file.size or 0))
        try:
            found = allowed_kind(head, self.settings.files_kinds)
        except KindRefused:
            found = ""
        if found != file.content_type:
            raise Objection(ANOTHER)

    async def _redraw(self, file: StoredFileRead, key: str) -> FileState:
        """Have the picture drawn anew, in the folder of this worker."""
        kind, size, folder = file.content_type or "", file.size or 0, self._folder(file)
        if size > self.settings.files_picture_max_bytes:
            raise Objection(LARGE)
        content = await self._read(key, size)
        pixels = self.settings.files_picture_max_pixels
        try:
            drawn = await asyncio.to_thread(redrawn, content, kind, pixels)
        except PictureRefusedError as error:
            raise Objection(str(error)) from error
        await self.storage.put(content_in(folder), _whole(drawn))
        for one in self.derived:
            await one.make(folder, drawn, kind)
        digest = hashlib.sha256(drawn).hexdigest()
        return FileState(state="clean", size=len(drawn), sha256=digest, made_by=self.name)

    async def _read(self, key: str, size: int) -> bytes:
        chunks = await self.storage.read(key, 0, size)
        return b"".join([chunk async for chunk in chunks])

    def _folder(self, file: StoredFileRead) -> str:
        return made(file.id, self.name)


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content

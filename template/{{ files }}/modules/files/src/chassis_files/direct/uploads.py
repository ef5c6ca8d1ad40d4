"""A file comes in parts by links, each of them checked, and all of it is looked at afterwards."""

import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from chassis.problems import Conflict, Invalid, NotFound, ProblemError, TooLarge
from chassis_files.direct.port import Come, DirectStorage, Link, Part, checksum_of, incoming
from chassis_files.file_api.receiving import UploadObserver
from chassis_files.files import FileState, NewFile, StoredFileRead
from chassis_files.kinds import KindRefused
from chassis_files.storage import ObjectStorage
from chassis_files.stored_files import GONE, StoredFiles

logger = logging.getLogger(__name__)

MOST_PARTS = 1000
"""As many as S3 tells of in one answer."""
NOT_TAKEN = "{kind} is not taken. Files may be: {kinds}."
NO_PART = "This file has {count} parts: the number must be from 1 to {count}."
MISSING = "These parts are not there, or not whole: {numbers}."
WRONG_NUMBER = "This file has {count} parts: say the digest of each, in order."
NOTHING = "The file is not there."
OVER = "This upload is over: the file is {state}."


def part_size_of(size: int, part_bytes: int) -> int:
    """Say how large parts are, so that there are not too many; a small file is one part."""
    return min(size, max(part_bytes, -(-size // MOST_PARTS)))


def count_of(file: StoredFileRead) -> int:
    """Say how many parts a file has."""
    return -(-(file.size or 0) // (file.part_size or 1))


def size_of(file: StoredFileRead, number: int) -> int:
    """Say how large a part is: all are alike, but for the last."""
    part, size = file.part_size or 0, file.size or 0
    return min(part, size - part * (number - 1))


@dataclass(frozen=True, slots=True)
class DirectUploads:
    """Uploads that go from clients to the store."""

    stored: StoredFiles
    storage: ObjectStorage
    direct: DirectStorage
    observers: Sequence[UploadObserver] = ()

    async def begin(
        self, new: NewFile, kinds: Collection[str], max_bytes: int, part_bytes: int
    ) -> StoredFileRead:
        """Keep that a file comes; raises KindRefused, TooLarge and Invalid."""
        size, kind = new.size or 0, new.content_type or ""
        if kind not in kinds:
            raise KindRefused(NOT_TAKEN.format(kind=kind, kinds=", ".join(sorted(kinds))))
        if size > max_bytes:
            raise TooLarge(f"The file is larger than {max_bytes} bytes.")
        file_id, part_size = uuid4(), part_size_of(size, part_bytes)
        several = part_size < size
        upload_id = await self.direct.begin(str(file_id), kind) if several else None
        sent = {"part_size": part_size, "upload_id": upload_id}
        try:
            return await self.stored.add(new.model_copy(update=sent), file_id)
        except ProblemError:
            if upload_id:
                await self._abort(file_id, upload_id)
            raise

    async def get(self, file_id: UUID) -> StoredFileRead:
        """Give a file that comes, or came, by links; raises NotFound."""
        file = await self.stored.get(file_id)
        if file.part_size is None:
            raise NotFound(GONE)
        return file

    async def link(self, file_id: UUID, number: int, sha256: str) -> Link:
        """Sign a link for a part; raises Conflict when the upload is over."""
        file = await self.get(file_id)
        if file.state != "pending":
            raise Conflict(OVER.format(state=file.state))
        if number > (count := count_of(file)):
            raise Conflict(NO_PART.format(count=count))
        size, kind = size_of(file, number), file.content_type or ""
        return self.direct.link(Part(str(file_id), size, sha256, kind, file.upload_id, number))

    async def parts(self, file: StoredFileRead) -> Mapping[int, Come]:
        """Say which parts are there: an upload goes on with the others."""
        if file.state != "pending":
            return {}
        if file.upload_id:
            try:
                return await self.direct.parts(str(file.id), file.upload_id)
            except NotFound:  # it has been made one already
                return {}
        size = await self._size(file)
        return {} if size is None else {1: Come(size)}

    async def complete(self, file_id: UUID, sha256: Sequence[str] | None = None) -> StoredFileRead:
        """Have a file looked at, once all of it is there; twice is once.

        Some stores take parts together only by the digests that they were sent with, and do not
        tell them: for those they are said here. Raises Conflict, and Invalid for too many or few.
        """
        file = await self.get(file_id)
        if file.state != "pending":
            return file
        if sha256 is not None and len(sha256) != (count := count_of(file)):
            raise Invalid(WRONG_NUMBER.format(count=count), field="sha256")
        try:
            uploaded = await self._completed(file, sha256 or ())
        except Conflict:
            file = await self.get(file_id)
            if file.state == "pending":
                raise
            return file  # somebody else was faster
        for observe in self.observers:
            observe("uploaded", uploaded.size or 0)
        logger.info("File %s is uploaded directly: %d bytes", file_id, uploaded.size)
        return uploaded

    async def give_up(self, file_id: UUID) -> None:
        """Remove what has come of a file; raises NotFound, and Conflict when it is there."""
        file = await self.get(file_id)
        if file.state != "pending":
            raise Conflict(OVER.format(state=file.state))
        await self.stored.release(file_id)
        if file.upload_id:
            await self._abort(file_id, file.upload_id)

    async def _completed(self, file: StoredFileRead, sha256: Sequence[str]) -> StoredFileRead:
        size = await self._size(file)
        if size is None and file.upload_id:
            await self._join(file, file.upload_id, sha256)
            size = await self._size(file)
        if size != file.size:
            raise Conflict(NOTHING)
        return await self.stored.set_state(file.id, FileState(state="uploaded"))

    async def _join(self, file: StoredFileRead, upload_id: str, sha256: Sequence[str]) -> None:
        """Have one file made of the parts; somebody else may have done so meanwhile."""
        key, numbers = str(file.id), range(1, count_of(file) + 1)
        with suppress(NotFound):
            there = await self.direct.parts(key, upload_id)
            lacking = [n for n in numbers if n not in there or there[n].size != size_of(file, n)]
            if lacking and await self._size(file) is None:
                told = ", ".join(map(str, lacking[:20]))
                raise Conflict(MISSING.format(numbers=told))
            if not lacking:
                parts = {n: there[n] for n in numbers} | _told(there, sha256)
                await self.direct.complete(key, upload_id, parts)

    async def _size(self, file: StoredFileRead) -> int | None:
        return await self.storage.size(incoming(str(file.id)))

    async def _abort(self, file_id: UUID, upload_id: str) -> None:
        try:
            await self.direct.abort(str(file_id), upload_id)
        except ProblemError as error:
            logger.warning("Parts of %s are left to be swept up: %s", file_id, error.detail)


def _told(there: Mapping[int, Come], sha256: Sequence[str]) -> dict[int, Come]:
    """Give the parts whose digest the client has said, and the store has not."""
    return {
        number: replace(there[number], checksum=checksum_of(digest))
        for number, digest in enumerate(sha256, 1)
        if not there[number].checksum
    }

"""A file comes in: what it is is told before any of it is kept."""

import logging
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from chassis.problems import Invalid, OutcomeUnknown, ProblemError
from chassis_files.file_api.multipart import Upload
from chassis_files.files import FileState, NewFile, StoredFileRead
from chassis_files.kinds import HEAD, TEXT, allowed_kind
from chassis_files.measuring import Measured
from chassis_files.storage import Storage
from chassis_files.stored_files import StoredFiles

logger = logging.getLogger(__name__)

EMPTY = "The file is empty."
OUTCOMES = ("uploaded", "refused", "failed", "broken_off")

type UploadObserver = Callable[[str, int], None]
"""Is told what became of an upload, and how many bytes are kept."""


@dataclass(frozen=True, slots=True)
class ReceiveFile:
    """Keep a file that a client sends, and have it looked at; a failure leaves nothing behind."""

    stored: StoredFiles
    storage: Storage
    kinds: Collection[str]
    max_bytes: int
    observers: Sequence[UploadObserver] = ()

    async def __call__(self, upload: Upload, new: NewFile) -> StoredFileRead:
        """Raise KindRefused, TooLarge, Invalid, or what the two services raise."""
        try:
            received = await self._receive(upload, new)
        except ProblemError as error:
            refused = error.status < HTTPStatus.INTERNAL_SERVER_ERROR
            self._tell("refused" if refused else "failed")
            raise
        except BaseException:  # the client, or this service, goes away
            self._tell("broken_off")
            raise
        self._tell("uploaded", received.size or 0)
        return received

    async def _receive(self, upload: Upload, new: NewFile) -> StoredFileRead:
        chunks = upload.chunks()
        head = await _head(chunks)
        kind = allowed_kind(head[:HEAD], self.kinds)
        measured = Measured(head, chunks, self.max_bytes, text=kind == TEXT)
        file = await self.stored.add(new)
        try:
            await self.storage.put(str(file.id), aiter(measured))
            there = FileState(
                state="uploaded",
                content_type=kind,
                size=measured.size,
                sha256=measured.digest.hexdigest(),
            )
            uploaded = await self.stored.set_state(file.id, there)
        except OutcomeUnknown:
            raise  # it may be known as uploaded: what is not is swept up later
        except BaseException:
            await self._undo(file.id)
            raise
        logger.info("File %s is uploaded: %s, %d bytes", file.id, kind, measured.size)
        return uploaded

    def _tell(self, outcome: str, size: int = 0) -> None:
        for observe in self.observers:
            observe(outcome, size)

    async def _undo(self, file_id: UUID) -> None:
        try:
            await self.storage.delete(str(file_id))
            await self.stored.forget(file_id)
        except ProblemError as error:
            logger.warning("File %s is left to be swept up: %s", file_id, error.detail)


async def _head(chunks: AsyncIterator[bytes]) -> bytes:
    """Read what the kind of a file is told by; raises Invalid if there is nothing."""
    head = bytearray()
    while len(head) < HEAD:
        chunk = await anext(chunks, None)
        if chunk is None:
            break
        head += chunk
    if not head:
        raise Invalid(EMPTY, field="file")
    return bytes(head)

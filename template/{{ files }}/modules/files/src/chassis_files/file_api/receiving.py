"""A file comes in: what it is is told before any of it is kept."""

import codecs
import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from chassis.problems import Invalid, OutcomeUnknown, ProblemError, TooLarge
from chassis_files.file_api.multipart import Upload
from chassis_files.files import FileState, NewFile, StoredFileRead
from chassis_files.kinds import HEAD, TEXT, KindRefused, allowed_kind
from chassis_files.storage import Storage
from chassis_files.stored_files import StoredFiles

logger = logging.getLogger(__name__)

EMPTY = "The file is empty."
NO_TEXT = "The file is no text in UTF-8."
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


class Measured:
    """The bytes of a file as they pass: how many there are, and their digest.

    Raises TooLarge above the limit, and KindRefused for a text that is none.
    """

    def __init__(
        self, head: bytes, rest: AsyncIterator[bytes], max_bytes: int, *, text: bool
    ) -> None:
        self.size = 0
        self.digest = hashlib.sha256()
        self._head = head
        self._rest = rest
        self._max_bytes = max_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")() if text else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give the bytes, once."""
        self._measure(self._head)
        yield self._head
        async for chunk in self._rest:
            self._measure(chunk)
            yield chunk
        self._decode(b"", final=True)

    def _measure(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > self._max_bytes:
            raise TooLarge(f"The file is larger than {self._max_bytes} bytes.")
        self.digest.update(chunk)
        self._decode(chunk)

    def _decode(self, chunk: bytes, *, final: bool = False) -> None:
        if self._decoder is None:
            return
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            raise KindRefused(NO_TEXT) from error


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

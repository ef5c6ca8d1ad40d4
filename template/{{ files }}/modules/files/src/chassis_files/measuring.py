"""What passes is measured: how many bytes there are, and their digest."""

import codecs
import hashlib
from collections.abc import AsyncIterator

from chassis.problems import TooLarge
from chassis_files.kinds import KindRefused

NO_TEXT = "The file is no text in UTF-8."


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
        if self._head:
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

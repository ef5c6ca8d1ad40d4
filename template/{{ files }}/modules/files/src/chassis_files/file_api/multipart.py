"""One file in a multipart body, as it comes: nothing of it is kept, in memory or on disk."""

from collections import deque
from collections.abc import AsyncIterator
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from chassis.problems import Invalid, ProblemError

FIELD: Final = "file"
NO_MULTIPART: Final = "Send the file as multipart/form-data, in a field of the name file."
BROKEN: Final = "The body ends before the file does, or is no multipart/form-data."
ONE_FILE: Final = "The body must hold one field, file, and nothing else."
MAX_HEADER_BYTES: Final = 8192
OVERHEAD: Final = 64 * 1024
"""Bytes of a body that are not the file."""


class NoMultipart(ProblemError):  # noqa: N818  # as the errors of the chassis are called
    """The body is not what an upload is: 415."""

    status = 415


class Upload:
    """A file that is coming: its name is known, and its bytes are read once."""

    def __init__(self, content_type: str, body: AsyncIterator[bytes]) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise NoMultipart(NO_MULTIPART)
        self.name = ""
        self._body = body
        self._data: deque[bytes] = deque()
        self._header: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        self._parts = 0
        self._in_file = False
        self._complete = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": lambda data, start, end: self._grow(0, data[start:end]),
                    "on_header_value": lambda data, start, end: self._grow(1, data[start:end]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": lambda data, start, end: self._data.append(data[start:end]),
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise NoMultipart(NO_MULTIPART) from error

    async def opened(self) -> "Upload":
        """Read as far as the name; raises Invalid if there is no file."""
        while not self._in_file:
            await self._more()
        return self

    async def chunks(self) -> AsyncIterator[bytes]:
        """Give what is in the file, piece by piece; raises Invalid if it breaks off."""
        while True:
            while self._data:
                yield self._data.popleft()
            if self._complete:
                return
            await self._more()

    async def _more(self) -> None:
        data = await anext(self._body, b"")
        if not data and await self._is_over():
            raise Invalid(BROKEN)
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise Invalid(BROKEN) from error

    async def _is_over(self) -> bool:
        """Tell an end from an empty piece: the server ends a body with one."""
        data = await anext(self._body, None)
        if data is None:
            return True
        self._parser.write(data)
        return False

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > 1:
            raise Invalid(ONE_FILE)

    def _grow(self, which: int, data: bytes) -> None:
        self._header[which].extend(data)
        if len(self._header[0]) + len(self._header[1]) > MAX_HEADER_BYTES:
            raise Invalid(BROKEN)

    def _end_header(self) -> None:
        name, value = (bytes(part) for part in self._header)
        self._header = (bytearray(), bytearray())
        if name.lower() == b"content-disposition":
            _, options = parse_options_header(value)
            self._in_file = options.get(b"name") == FIELD.encode() and b"filename" in options
            self.name = options.get(b"filename", b"").decode("utf-8", "replace")

    def _end_headers(self) -> None:
        if not self._in_file:
            raise Invalid(ONE_FILE)

    def _end(self) -> None:
        self._complete = True

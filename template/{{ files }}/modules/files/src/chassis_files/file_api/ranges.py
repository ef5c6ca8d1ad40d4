"""Which part of a file a client asks for (RFC 9110, 14)."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")
_TAG = re.compile(r'"[^"]*"')


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes from one to before another."""

    start: int
    end: int


class NotInFileError(Exception):
    """There is nothing where a part begins: 416."""


def part_of(size: int, asked: str | None) -> Part | None:
    """Say which part is asked for; None is all of it, for several parts and what is no range, too.

    Raises NotInFileError.
    """
    found = _RANGE.fullmatch(asked.replace(" ", "")) if asked else None
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:  # the last so many bytes
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), int(last) + 1 if last else size
        if last and int(last) < int(first):
            return None
    if start >= size or start >= end:
        raise NotInFileError
    return Part(start, min(end, size))


def names(header: str | None, etag: str) -> bool:
    """Say whether a header names an answer by its tag; a weak one is as good, for reading."""
    return header is not None and (header.strip() == "*" or etag in _TAG.findall(header))

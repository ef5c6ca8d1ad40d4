import base64
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

INCOMING = "incoming"
"""The folder of what has come by links, and has not been looked at."""


def incoming(key: str) -> str:
    """Say where something is while links may write it."""
    return f"{INCOMING}/{key}"


def checksum_of(sha256: str) -> str:
    """Write a digest in hexadecimal digits as S3 does."""
    return base64.b64encode(bytes.fromhex(sha256)).decode()


@dataclass(frozen=True, slots=True)
class Part:
    """What one link allows to send: so many bytes of this kind, and no others."""

    key: str
    size: int
    sha256: str
    """In hexadecimal digits."""
    kind: str
    upload_id: str | None = None
    """None for a file that comes in one piece."""
    number: int = 1


@dataclass(frozen=True, slots=True)
class Link:
    """How a client sends a part: with exactly these headers."""

    method: str
    url: str
    headers: Mapping[str, str]
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Come:
    """A part that is there; the tag is what the store calls it."""

    size: int
    tag: str = ""
    checksum: str = ""
    """As S3 writes a digest; empty where the store does not tell it."""


class DirectStorage(Protocol):
    """A store that clients write to by links, each for one part.

    What it does itself raises Unavailable when the store does not answer.
    """

    async def begin(self, key: str, kind: str) -> str:
        """Prepare a file that comes in several parts; give the id of this upload."""
        ...

    def link(self, part: Part) -> Link:
        """Sign a link that one part can be sent by."""
        ...

    async def parts(self, key: str, upload_id: str) -> Mapping[int, Come]:
        """Say which parts are there; raises NotFound if the upload is over."""
        ...

    async def complete(self, key: str, upload_id: str, parts: Mapping[int, Come]) -> None:
        """Make one file of these parts.

        Raises NotFound if the upload is over, and Conflict if the store has other parts.
        """
        ...

    async def abort(self, key: str, upload_id: str) -> None:
        """Remove the parts that are there; twice is once."""
        ...

    async def sweep(self, before: dt.datetime) -> int:
        """Remove what began to come before a moment, whoever knows of it; say how much that was."""
        ...

    async def close(self) -> None:
        """Close what is open."""
        ...

"""What a file is, told by its first bytes: what its name and its sender say is not believed."""

import codecs
from collections.abc import Collection
from http import HTTPStatus
from typing import Final

import puremagic
from puremagic.main import magic_header_array

from chassis.problems import ProblemError

HEAD: Final = 8192
"""Bytes at the beginning of a file that its kind is told by."""
TEXT: Final = "text/plain"
"""What is UTF-8 and begins like nothing else."""
SHOWN: Final = ("image/gif", "image/jpeg", "image/png", "image/webp", "application/pdf")
"""What a browser may show in its place; anything else but sound and film is a download."""

# A picture of this kind is a page that runs scripts, and a zip may be any of twenty kinds.
_NEVER: Final = ("image/svg+xml", "text/html", "application/xhtml+xml", "application/zip")
# Below this two letters alone say so, and every text begins with some.
_SURE: Final = 0.3
_OFFICE: Final = ("application/vnd.openxmlformats", "application/vnd.oasis", "application/java")


class KindRefused(ProblemError):  # noqa: N818  # as the errors of the chassis are called
    """A file is of a kind that is not taken: 415."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


def kind_of(head: bytes) -> str | None:
    """Tell the media type of what begins so; None if nobody can."""
    text = is_text(head)
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):  # the latter for nothing at all
        matches = []
    for match in matches:
        if match.mime_type and match.mime_type != TEXT and (match.confidence >= _SURE or not text):
            return str(match.mime_type)
    return TEXT if text else None


def is_text(head: bytes) -> bool:
    """Say whether what begins so may be text; the last character may be cut off."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return bool(head) and not any(ord(one) < ord(" ") and one not in "\t\n\r\f" for one in text)


def allowed_kind(head: bytes, allowed: Collection[str]) -> str:
    """Tell the media type of what begins so; raises KindRefused for one that is not taken."""
    kind = kind_of(head)
    if kind is None or kind not in allowed:
        what = "This file is of no kind that is known" if kind is None else f"{kind} is not taken"
        raise KindRefused(f"{what}. Files may be: {', '.join(sorted(allowed))}.")
    return kind


def check_tellable(kinds: Collection[str]) -> None:
    """Refuse kinds that nobody could tell by the first bytes; raises ValueError."""
    for kind in kinds:
        if kind in _NEVER or kind.startswith(_OFFICE) or kind not in {TEXT, *_tellable()}:
            msg = f"{kind!r} cannot be told by the first bytes of a file: leave it out"
            raise ValueError(msg)


def is_shown(kind: str) -> bool:
    """Say whether a browser may show it, as nothing in it runs."""
    return kind in SHOWN or kind.startswith(("audio/", "video/"))


def _tellable() -> set[str]:
    return {match.mime_type for match in magic_header_array}

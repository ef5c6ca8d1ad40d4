import re
from typing import Annotated, Protocol

from fastapi import Depends, Header, Request, Response
from pydantic import AfterValidator, WithJsonSchema

from chassis.problems import VersionRequired

NO_TAGS = 'must be the ETag of an answer, such as "3", several of them, or *'
MISSING = "Send If-Match with the ETag of the record that this is about."

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = rf"^(?:\*|{_TAG}(?:[ \t]*,[ \t]*{_TAG})*)$"
_VERSION = re.compile(r'(?<!W/)"([1-9][0-9]{0,17})"')
_NONE = 0  # the first version is 1


class Versioned(Protocol):
    """A record with a version."""

    @property
    def version(self) -> int:
        """Which one it is; each write gives the record the next."""


def etag_of(version: int) -> str:
    """Give the ETag of a version."""
    return f'"{version}"'


def tagged[RecordT: Versioned](response: Response, record: RecordT) -> RecordT:
    """Answer with a record, and with its version as the ETag."""
    response.headers["ETag"] = etag_of(record.version)
    return record


def _tags(header: str) -> str:
    if not re.match(_TAGS, header):
        raise ValueError(NO_TAGS)
    return header


_IfMatch = Annotated[
    str | None,
    AfterValidator(_tags),
    Header(),
    WithJsonSchema({"type": "string", "pattern": _TAGS}),
]


async def _version(request: Request, if_match: _IfMatch = None) -> int | None:
    """Find the version that a request counts on; None if any will do."""
    if if_match is None and getattr(request.app.state, "require_if_match", False):
        raise VersionRequired(MISSING)
    if if_match is None or if_match == "*":
        return None
    # Of several the newest: no record goes back to an older one. Other tags match none of ours.
    return max(map(int, _VERSION.findall(if_match)), default=_NONE)


IfMatch = Annotated[int | None, Depends(_version)]
"""The version of the record that the client counts on, from ``If-Match``; None if any will do."""

"""Problem details as they are sent."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, ClassVar, Final

from fastapi.responses import JSONResponse

MEDIA_TYPE: Final = "application/problem+json"

_WORDS: Final = re.compile(r"\w+")

# Clients compare the type, so it must not follow the wording of a Python release.
_TITLES: Final = {
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.CONFLICT: "Conflict",
    HTTPStatus.PRECONDITION_FAILED: "Outdated",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Content too large",
    HTTPStatus.REQUEST_URI_TOO_LONG: "URI too long",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Invalid",
    HTTPStatus.PRECONDITION_REQUIRED: "Version required",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Internal error",
    HTTPStatus.SERVICE_UNAVAILABLE: "Unavailable",
    HTTPStatus.GATEWAY_TIMEOUT: "Outcome unknown",
}
OVERLOADED: Final = "urn:problem:overloaded"


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, named by its path: ``title`` or ``items.0.price``."""

    field: str
    detail: str


class ProblemResponse(JSONResponse):
    """Problem details; ``errors`` is there only when single fields are to blame."""

    media_type = MEDIA_TYPE
    title: ClassVar[str | None] = None
    """What kind of problem it is, where the status does not say it."""

    def __init__(
        self,
        status: int,
        *,
        instance: str,
        detail: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Describe the problem that the request for the path ``instance`` ran into."""
        title = self.title or title_of(status)
        content: dict[str, Any] = {
            "type": _type(title),
            "title": title,
            "status": status,
            "detail": detail or title,
            "instance": instance,
        }
        if errors:
            content["errors"] = [asdict(error) for error in errors]
        super().__init__(content, status_code=status, headers=headers)

    def render(self, content: object) -> bytes:
        """Write plain ASCII: a client can send names that are no valid Unicode."""
        return json.dumps(content, separators=(",", ":")).encode()


class OverloadResponse(ProblemResponse):
    """Too much to do already; services that call others know it by its type."""

    title = "Overloaded"


def title_of(status: int) -> str:
    """Name the kind of problem that a status stands for."""
    try:
        known = HTTPStatus(status)
    except ValueError:
        return f"Status {status}"
    return _TITLES.get(known, known.phrase)


def type_of(status: int) -> str:
    """Give the stable URI of the kind of problem that a status stands for."""
    return _type(title_of(status))


def _type(title: str) -> str:
    words = _WORDS.findall(title.lower().replace("'", ""))
    return f"urn:problem:{'-'.join(words)}"

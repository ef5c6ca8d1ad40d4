"""Request target: a path or query that is no text in UTF-8 is refused.

The application would read it with signs of its own in the place of what it cannot read, and answer
for something that nobody asked for.
"""

from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.feature import no_lifespan
from chassis.problems import FieldError, ProblemResponse
from chassis.problems.handlers import INVALID, field_of

PATH = "path"
NO_TEXT = "Is no text in UTF-8, percent-encoded"


def install(app: FastAPI, _settings: object) -> None:
    """Check the target of every request."""
    app.add_middleware(RequestTarget)


lifespan = no_lifespan


class RequestTarget:
    """Answers 422 to a target that is no text, and names the parameter to blame."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: ASGIApp = self.app
        if scope["type"] == "http" and (field := _unreadable(scope)):
            answer = ProblemResponse(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                instance=scope["path"],
                detail=INVALID,
                errors=[FieldError(field, NO_TEXT)],
            )
        await answer(scope, receive, send)


def _unreadable(scope: Scope) -> str | None:
    """Name the part that cannot be read, if there is one."""
    if not _is_text(scope.get("raw_path") or b""):
        return PATH
    query: bytes = scope["query_string"]
    if _is_text(query):
        return None
    parameter = next((part for part in query.split(b"&") if not _is_text(part)), query)
    name = unquote_to_bytes(parameter.partition(b"=")[0])
    return field_of([name.decode(errors="replace")])


def _is_text(encoded: bytes) -> bool:
    if not encoded.isascii():
        return False
    if b"%" not in encoded:
        return True
    try:
        unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return False
    return True

"""Request target: a path or query that is no text in UTF-8 is refused, and a parameter said twice.

The application would read it with signs of its own in the place of what it cannot read, or take the
last of several values, and answer for something that nobody asked for.
"""

from collections import Counter
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.access_log import route_of
from chassis.feature import no_lifespan
from chassis.problems import FieldError, ProblemResponse
from chassis.problems.handlers import INVALID, field_of

PATH = "path"
NO_TEXT = "Is no text in UTF-8, percent-encoded"
TWICE = "Is given more than once"


def install(app: FastAPI, _settings: object) -> None:
    """Check the target of every request."""
    app.add_middleware(RequestTarget)


lifespan = no_lifespan


class RequestTarget:
    """Answers 422 to a target that says nothing or too much, and names the parameter to blame."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: ASGIApp = self.app
        if scope["type"] == "http" and (error := _unreadable(scope) or _said_twice(scope)):
            answer = ProblemResponse(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                instance=scope["path"],
                detail=INVALID,
                errors=[error],
            )
        await answer(scope, receive, send)


def _unreadable(scope: Scope) -> FieldError | None:
    """Name the part that cannot be read, if there is one."""
    if not _is_text(scope.get("raw_path") or b""):
        return FieldError(PATH, NO_TEXT)
    query: bytes = scope["query_string"]
    if _is_text(query):
        return None
    parameter = next((part for part in query.split(b"&") if not _is_text(part)), query)
    name = unquote_to_bytes(parameter.partition(b"=")[0])
    return FieldError(field_of([name.decode(errors="replace")]), NO_TEXT)


def _said_twice(scope: Scope) -> FieldError | None:
    """Name a parameter that has several values where its route takes one."""
    query: bytes = scope["query_string"]
    if b"&" not in query:
        return None
    said = Counter(name for name, _ in parse_qsl(query.decode("ascii"), keep_blank_values=True))
    several = [name for name, times in said.items() if times > 1]
    single = _single(scope) if several else set[str]()
    return next((FieldError(field_of([name]), TWICE) for name in several if name in single), None)


def _single(scope: Scope) -> set[str]:
    """Find the parameters of which the route of a request takes one value each."""
    method = "get" if scope["method"] == "HEAD" else scope["method"].lower()
    operation = scope["app"].openapi()["paths"].get(route_of(scope), {}).get(method, {})
    return {
        parameter["name"]
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and not _is_list(parameter["schema"])
    }


def _is_list(schema: dict[str, Any]) -> bool:
    return any(one.get("type") == "array" for one in (schema, *schema.get("anyOf", ())))


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

"""Body limit: a request body that is too large is refused before it is read.

A path that takes more says so: ``allow_larger(app, "/api/v1/imports/{import_id}", 20 * MIB)``.
"""

from collections.abc import Sequence
from http import HTTPStatus
from re import Pattern

from fastapi import FastAPI
from pydantic import PositiveInt
from pydantic_settings import BaseSettings
from starlette.exceptions import HTTPException
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.feature import no_lifespan
from chassis.problems import ProblemResponse

MIB = 1024 * 1024

type Larger = tuple[Pattern[str], int]
"""Paths that take more, and how much."""


class Settings(BaseSettings):
    """Settings of the body limit."""

    max_body_bytes: PositiveInt = MIB
    """The largest request body that is accepted, in bytes."""


def install(app: FastAPI, settings: Settings) -> None:
    """Limit the body of every request."""
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes, larger=_larger(app))


def allow_larger(app: FastAPI, path: str, max_bytes: int) -> None:
    """Let the body of requests for a path be larger than others, before the first one comes."""
    _larger(app).append((compile_path(path)[0], max_bytes))


def _larger(app: FastAPI) -> list[Larger]:
    if not hasattr(app.state, "larger_bodies"):
        app.state.larger_bodies = []
    larger: list[Larger] = app.state.larger_bodies
    return larger


lifespan = no_lifespan


class BodyLimit:
    """Answers 413 to a body above ``max_bytes``, be it announced or only found while it comes."""

    def __init__(self, app: ASGIApp, max_bytes: int, larger: Sequence[Larger] = ()) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        max_bytes = self._limit(scope["path"].removeprefix(scope.get("root_path", "")))
        detail = f"The body is larger than {max_bytes} bytes."
        if _announced(scope) > max_bytes:
            refusal = ProblemResponse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, instance=scope["path"], detail=detail
            )
            await refusal(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > max_bytes:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
            return message

        await self.app(scope, counted, send)

    def _limit(self, path: str) -> int:
        return next((most for known, most in self.larger if known.match(path)), self.max_bytes)


def _announced(scope: Scope) -> int:
    """Read the announced length; 0 without one that can be read: then the bytes are counted."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0

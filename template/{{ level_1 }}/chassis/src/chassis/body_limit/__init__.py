"""Body limit: a request body that is too large is refused before it is read."""

from http import HTTPStatus

from fastapi import FastAPI
from pydantic import PositiveInt
from pydantic_settings import BaseSettings
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.feature import no_lifespan
from chassis.problems import ProblemResponse

MIB = 1024 * 1024


class Settings(BaseSettings):
    """Settings of the body limit."""

    max_body_bytes: PositiveInt = MIB
    """The largest request body that is accepted, in bytes."""


def install(app: FastAPI, settings: Settings) -> None:
    """Limit the body of every request."""
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)


lifespan = no_lifespan


class BodyLimit:
    """Answers 413 to a body above ``max_bytes``, be it announced or only found while it comes."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.detail = f"The body is larger than {max_bytes} bytes."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if _announced(scope) > self.max_bytes:
            refusal = ProblemResponse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, instance=scope["path"], detail=self.detail
            )
            await refusal(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_bytes:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self.detail)
            return message

        await self.app(scope, counted, send)


def _announced(scope: Scope) -> int:
    """Read the announced length; 0 without one that can be read: then the bytes are counted."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0

"""JSON bodies: what a client sends is taken only if it can be given back exactly as it came."""

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from pydantic import PositiveInt
from pydantic_settings import BaseSettings
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.exact import MAX_DEPTH, MAX_NODES, NotExact, parse
from chassis.feature import no_lifespan
from chassis.problems import FieldError, ProblemResponse
from chassis.problems.handlers import INVALID, UNREADABLE, field_of

__all__ = ["AS_IT_CAME", "JsonBodies", "Settings", "install", "lifespan"]

BODY = "body"
AS_IT_CAME = "chassis.as_it_came"
"""In the scope of a request whose bytes are taken as they are: whoever does so reads them with care."""
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


class Settings(BaseSettings):
    """Settings of JSON bodies."""

    max_json_depth: PositiveInt = MAX_DEPTH
    """How deep lists and objects of a body may be nested."""
    max_json_nodes: PositiveInt = MAX_NODES
    """How many values a body may have in all."""


class UnfitBody(HTTPException):
    """A body that could not be given back as it came: an HTTPException passes FastAPI as it is."""

    def __init__(self, error: FieldError) -> None:
        super().__init__(HTTPStatus.UNPROCESSABLE_ENTITY, INVALID)
        self.error = error


def install(app: FastAPI, settings: Settings) -> None:
    """Check the JSON of every request whose body is read."""
    app.add_exception_handler(UnfitBody, _unfit_body)
    app.add_middleware(
        JsonBodies, max_depth=settings.max_json_depth, max_nodes=settings.max_json_nodes
    )


lifespan = no_lifespan


class JsonBodies:
    """Looks at a JSON body before the application does, once the last of it is read.

    The application parses it again, with a parser that rounds numbers, replaces what is no text
    and takes the last of two equal names: after this none of it occurs.
    """

    def __init__(self, app: ASGIApp, max_depth: int, max_nodes: int) -> None:
        self.app = app
        self.max_depth = max_depth
        self.max_nodes = max_nodes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _WITHOUT_BODY or not _is_json(scope):
            await self.app(scope, receive, send)
            return
        parts: list[bytes] = []

        async def checked() -> Message:
            message = await receive()
            parts.append(message.get("body", b""))
            is_last = message["type"] == "http.request" and not message.get("more_body", False)
            if is_last and not scope.get(AS_IT_CAME):
                self._check(b"".join(parts))
            return message

        await self.app(scope, checked, send)

    def _check(self, body: bytes) -> None:
        if not body:
            return
        try:
            parse(body, max_depth=self.max_depth, max_nodes=self.max_nodes)
        except NotExact as error:
            raise UnfitBody(FieldError(field_of(error.path or [BODY]), error.reason)) from error
        except ValueError as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, UNREADABLE) from error


def _is_json(scope: Scope) -> bool:
    return any(
        name == b"content-type" and b"json" in value.lower() for name, value in scope["headers"]
    )


async def _unfit_body(request: Request, error: Exception) -> Response:
    errors = [error.error] if isinstance(error, UnfitBody) else []
    return ProblemResponse(
        HTTPStatus.UNPROCESSABLE_ENTITY, instance=request.url.path, detail=INVALID, errors=errors
    )

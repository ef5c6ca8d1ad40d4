"""Methods: HEAD wherever there is GET, OPTIONS everywhere, and a true ``Allow`` with each 405.

A GET is answered with 304 where its client has the answer already, and a change with 412 where its
client counts on a version and there are none.
"""

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.routing import iter_route_contexts
from starlette._utils import get_route_path
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.feature import no_lifespan
from chassis.methods.unchanged import Unchanged
from chassis.methods.versionless import Versionless
from chassis.problems import ProblemResponse

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def install(app: FastAPI, _settings: object) -> None:
    """Answer HEAD, OPTIONS, and what a path does not offer."""
    app.add_exception_handler(HTTPStatus.METHOD_NOT_ALLOWED, _not_offered)
    app.add_middleware(Versionless)
    app.add_middleware(WrittenOut)
    app.add_middleware(Unchanged)
    app.add_middleware(Head)


lifespan = no_lifespan


class Enough(Exception):  # noqa: N818  # the end of an answer, not an error
    """A client of HEAD has its answer: nothing more is read or made for it."""


class Head:
    """Answers HEAD as GET, without the body; one that comes in pieces ends at the first."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
                return
            await send({"type": message["type"], "body": b""})
            if message.get("more_body"):
                raise Enough

        as_get = {**scope, "method": "GET"}
        try:
            with suppress(Enough):
                await self.app(as_get, receive, without_body)
        finally:
            scope.update(as_get, method="HEAD")  # what was found out, such as the route


class WrittenOut:
    """Refuses (405) what a path does not offer that is written out: it is no id for another route."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        offered = _written_out(scope) if scope["type"] == "http" else None
        if offered is None or scope["method"] in offered:
            await self.app(scope, receive, send)
            return
        answer = await _not_offered(Request(scope), None)
        await answer(scope, receive, send)


def _written_out(scope: Scope) -> set[str] | None:
    """Find the methods of a path without parameters; None if there is no such path."""
    app, path = scope["app"], get_route_path(scope)
    known = getattr(app.state, "written_out", None)
    if known is None or known.routes != len(app.routes):
        known = app.state.written_out = _Paths(len(app.routes), defaultdict(set))
        for context in iter_route_contexts(app.routes):
            if context.path_format and "{" not in context.path_format:
                known.methods[context.path_format] |= set(context.methods or METHODS)
    return known.methods.get(path)


@dataclass(frozen=True, slots=True)
class _Paths:
    routes: int
    methods: dict[str, set[str]]


async def _not_offered(request: Request, _error: Exception | None) -> Response:
    allowed = ", ".join(_allowed(request))
    if request.method == "OPTIONS":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": allowed})
    return ProblemResponse(
        HTTPStatus.METHOD_NOT_ALLOWED, instance=request.url.path, headers={"Allow": allowed}
    )


def _allowed(request: Request) -> list[str]:
    """Find every method that a path offers, whichever of its routes has it."""
    written_out = _written_out(request.scope)
    routes = request.app.router.routes

    def offers(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] is Match.FULL for route in routes)

    found = written_out or {method for method in METHODS if offers(method)}
    found = found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set())
    return [method for method in METHODS if method in found]

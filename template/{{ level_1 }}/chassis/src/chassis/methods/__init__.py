"""Methods: HEAD wherever there is GET, OPTIONS everywhere, and a true ``Allow`` with each 405.

A GET is answered with 304 where its client has the answer already, and a change with 412 where its
client counts on a version and there are none.
"""

from contextlib import suppress
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
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


async def _not_offered(request: Request, _error: Exception) -> Response:
    allowed = ", ".join(_allowed(request))
    if request.method == "OPTIONS":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": allowed})
    return ProblemResponse(
        HTTPStatus.METHOD_NOT_ALLOWED, instance=request.url.path, headers={"Allow": allowed}
    )


def _allowed(request: Request) -> list[str]:
    """Find every method that a path offers, whichever of its routes has it."""
    routes = request.app.router.routes

    def offers(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] is Match.FULL for route in routes)

    found = {method for method in METHODS if offers(method)} | {"OPTIONS"}
    found |= {"HEAD"} if "GET" in found else set()
    return [method for method in METHODS if method in found]

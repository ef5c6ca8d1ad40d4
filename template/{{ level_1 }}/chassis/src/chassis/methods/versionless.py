from http import HTTPStatus

from fastapi.dependencies.models import Dependant
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.access_log.routes import foreseen
from chassis.problems import ProblemResponse

NO_VERSION = "This has no version that If-Match could name."
_HEADER = "if-match"
_CHANGES = ("PUT", "PATCH", "DELETE")


class Versionless:
    """Refuses (412) a change that counts on a version where a route knows of none (RFC 9110, 13.1.1)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope) if scope["type"] == "http" else Headers()
        counts = scope.get("method") in _CHANGES and asked.get(_HEADER, "*") != "*"
        if counts and not _knows_versions(scope):
            status = HTTPStatus.PRECONDITION_FAILED
            refusal = ProblemResponse(status, instance=scope["path"], detail=NO_VERSION)
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _knows_versions(scope: Scope) -> bool:
    """Say whether the route of a request takes If-Match; one that there is not refuses by itself."""
    found = foreseen(scope)
    dependant = getattr(found.original_route, "dependant", None) if found else None
    return dependant is None or _takes(dependant)


def _takes(dependant: Dependant) -> bool:
    own = any(one.alias == _HEADER for one in dependant.header_params)
    return own or any(map(_takes, dependant.dependencies))

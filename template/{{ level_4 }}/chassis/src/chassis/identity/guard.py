import logging
from http import HTTPStatus

from starlette.datastructures import State
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.access_log.routes import route_of
from chassis.identity.errors import InvalidToken, KeysUnknown
from chassis.identity.lasting import POLICY_VIOLATION, Lasting
from chassis.identity.principal import Principal, acting_as
from chassis.identity.rules import ALL, PUBLIC
from chassis.problems import ProblemResponse

logger = logging.getLogger(__name__)

NEEDED = "This takes a token: Authorization: Bearer ..."
AWAY = "Tokens cannot be checked at the moment. Nothing was done."
REFUSED = "This takes the permission {permission}, which none of your roles has."
NO_ROUTE = "Not Found"  # as the router says it
LONGEST = 8192
"""Characters of a token; what has more is not looked at."""


class Guard:
    """Lets a request pass if its token is right and allows what is asked for; nothing else."""

    def __init__(self, app: ASGIApp, state: State, *, reports: bool, every: float) -> None:
        self.app = app
        self._state = state
        self._reports = reports
        self._lasting = Lasting(app, self._no_longer, every)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        permission = self._state.rules.permission_of(scope)
        if permission == PUBLIC:
            await self.app(scope, receive, send)
            return
        principal: Principal | None = None
        try:
            principal = await self.principal_of(scope)
            refusal = self._refusal(scope, principal, permission)
        except InvalidToken as error:
            refusal = _unauthorized(scope, str(error))
        except KeysUnknown:
            refusal = away(scope)
        if refusal and self._reports:
            logger.warning("AUTH_MODE=enforce would answer %s", _told(scope, refusal))
            refusal = None
        if refusal:
            if refusal.status_code == HTTPStatus.FORBIDDEN:
                self._tell_of(scope, principal)
            await _answer(refusal, scope, receive, send)
            return
        if principal:
            scope["user"] = principal  # as Starlette has it
        with acting_as(principal):
            lasts = scope["type"] == "websocket" or scope["path"] in self._state.streams
            app = self._lasting if lasts and not self._reports else self.app
            await app(scope, receive, send)

    async def _no_longer(self, scope: Scope) -> str | None:
        """Say why a connection may not go on that was opened rightly."""
        try:
            principal = await self.principal_of(scope)
        except InvalidToken as error:
            return str(error)
        except KeysUnknown:
            return None  # what was right when it began is believed
        permission = self._state.rules.permission_of(scope)
        if self._refusal(scope, principal, permission):
            return REFUSED.format(permission=permission)
        return None

    async def principal_of(self, scope: Scope) -> Principal:
        """Say who asks; raises InvalidToken or KeysUnknown."""
        principal: Principal = await self._state.tokens.principal_of(_bearer(scope))
        return principal

    def _tell_of(self, scope: Scope, principal: Principal | None) -> None:
        with acting_as(principal):
            for told in self._state.refused:
                told(f"{scope.get('method', 'WebSocket')} {route_of(scope)}")

    def _refusal(
        self, scope: Scope, principal: Principal, permission: str | None
    ) -> ProblemResponse | None:
        if self._state.rules.allows(principal, permission or ALL):
            return None
        if permission is None:
            return ProblemResponse(HTTPStatus.NOT_FOUND, instance=scope["path"], detail=NO_ROUTE)
        return ProblemResponse(
            HTTPStatus.FORBIDDEN,
            instance=scope["path"],
            detail=REFUSED.format(permission=permission),
        )


def _bearer(scope: Scope) -> str:
    """Read the token; raises InvalidToken where there is none, or more than one."""
    given: list[bytes] = [value for name, value in scope["headers"] if name == b"authorization"]
    given = given or _offered(scope)
    if len(given) != 1:
        raise InvalidToken(NEEDED)
    scheme, _, token = given[0].decode("latin-1").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise InvalidToken(NEEDED)
    if len(token) > LONGEST:
        raise InvalidToken(f"A token has at most {LONGEST} characters.")
    return token.strip()


def _offered(scope: Scope) -> list[bytes]:
    """Read the token that a page offers as a subprotocol of its WebSocket: it can send no header."""
    match scope.get("subprotocols", []):
        case ["bearer", token]:
            return [f"Bearer {token}".encode("latin-1")]
    return []


def _unauthorized(scope: Scope, reason: str) -> ProblemResponse:
    error = "" if reason == NEEDED else ' error="invalid_token"'
    return ProblemResponse(
        HTTPStatus.UNAUTHORIZED,
        instance=scope["path"],
        detail=reason,
        headers={"WWW-Authenticate": f"Bearer{error}"},
    )


def away(scope: Scope) -> ProblemResponse:
    """Say that nobody can tell now whether a token is right."""
    return ProblemResponse(
        HTTPStatus.SERVICE_UNAVAILABLE,
        instance=scope["path"],
        detail=AWAY,
        headers={"Retry-After": "1"},
    )


def _told(scope: Scope, refusal: ProblemResponse) -> str:
    return f"{refusal.status_code} to {scope.get('method', 'WebSocket')} {route_of(scope)}"


async def _answer(refusal: ProblemResponse, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        return
    await refusal(scope, receive, send)

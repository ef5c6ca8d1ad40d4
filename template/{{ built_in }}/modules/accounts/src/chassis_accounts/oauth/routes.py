from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final, cast

import jwt
from fastapi import APIRouter, Depends, Request, Response
from fastapi.requests import HTTPConnection
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from chassis.identity.errors import InvalidToken
from chassis.problems import NotFound, responses
from chassis_accounts.errors import Unauthorized
from chassis_accounts.keeping import Clients
from chassis_accounts.login.asking import CounterDep
from chassis_accounts.login.counter import Counter, Grant, reachable
from chassis_accounts.oauth.asking import client_of
from chassis_accounts.oauth.forms import NO_STORE, OAuthError, form_of, needed, shown_by

KEYS: Final = "/api/v1/auth/keys"
NO_ADDRESS: Final = "Nobody can be told where to ask: ACCOUNTS_ISSUER is no address."
CHANGED: Final = "The client was changed at this moment: ask again."
CLIENT_METHODS: Final = ["client_secret_basic", "client_secret_post"]
_SHOWN = ("iss", "aud", "sub", "client_id", "roles", "iat", "exp", "jti")
"""What is told of a token."""
_ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
}
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": what, "content": {"application/json": {"schema": _ERROR}}}
    for status, what in ((400, "The form is not what was expected"), (401, "No such client"))
}


class OAuthRoute(APIRoute):
    """A route that refuses as OAuth does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except OAuthError as error:
                return error.response

        return handled


async def _clients(connection: HTTPConnection) -> Clients:
    return cast("Clients", connection.app.state.clients)


ClientsDep = Annotated[Clients, Depends(_clients)]

router = APIRouter(tags=["oauth"], route_class=OAuthRoute)


def _form(**fields: str) -> dict[str, Any]:
    """Describe the form of a route, by its fields and what they are."""
    properties = {name: {"type": "string", "description": what} for name, what in fields.items()}
    schema = {"type": "object", "properties": properties}
    return {"requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": schema}}}}


_CLIENT = {"client_id": "of the client, unless Basic names it", "client_secret": "its secret"}


@router.post(
    "/oauth2/token",
    responses=_REFUSED,
    openapi_extra=_form(
        grant_type="client_credentials or refresh_token",
        refresh_token="the one that came last",  # noqa: S106  # what it is
        **_CLIENT,
    ),
)
async def create_token(request: Request, counter: CounterDep, clients: ClientsDep) -> JSONResponse:
    """Give a token to a client for its secret, or the next pair of a session (RFC 6749)."""
    form = await form_of(request)
    grant = needed(form, "grant_type")
    if grant == "refresh_token":
        try:
            granted = await counter.refresh(needed(form, "refresh_token"))
        except Unauthorized as error:
            raise OAuthError("invalid_grant", error.detail) from None
        return _token(granted)
    if grant == "client_credentials":
        shown = shown_by(request, form)
        client = await client_of(clients, shown)
        async with reachable():
            granted = await counter.admit_client(client)
            # Whoever changed it meanwhile, and ended its tokens, did not see this one.
            if (await client_of(clients, shown)).version != client.version:
                raise OAuthError("invalid_client", CHANGED, 401)
        return _token(granted)
    raise OAuthError("unsupported_grant_type", "There are client_credentials and refresh_token.")


@router.post(
    "/oauth2/revoke",
    response_class=Response,
    responses={400: _REFUSED[400]},
    openapi_extra=_form(token="an access or a refresh token"),  # noqa: S106
)
async def revoke_token(request: Request, counter: CounterDep) -> Response:
    """End the session of a token, whoever has it (RFC 7009); an unknown one is nothing to complain of."""
    token = needed(await form_of(request), "token")
    async with reachable():
        session, account = await _session_of(token, counter, request)
        await counter.sessions.end(session, account)
    return Response(headers=NO_STORE)


@router.post(
    "/oauth2/introspect",
    responses=_REFUSED,
    openapi_extra=_form(token="an access token", **_CLIENT),  # noqa: S106
)
async def introspect_token(request: Request, clients: ClientsDep) -> JSONResponse:
    """Tell a client whether an access token is good now, and whose it is (RFC 7662)."""
    form = await form_of(request)
    token = needed(form, "token")
    await client_of(clients, shown_by(request, form))
    try:
        await request.app.state.tokens.principal_of(token)
    except InvalidToken:
        return JSONResponse({"active": False}, headers=NO_STORE)
    claims = jwt.decode(token, options={"verify_signature": False})
    told = {name: claims[name] for name in _SHOWN if name in claims}
    return JSONResponse({"active": True, "token_type": "Bearer", **told}, headers=NO_STORE)


@router.get("/.well-known/oauth-authorization-server", responses=responses(404))
async def get_metadata(counter: CounterDep) -> dict[str, Any]:
    """Say where everything is (RFC 8414), if ACCOUNTS_ISSUER is an address: who asks names none."""
    issuer = counter.settings.accounts_issuer
    if not issuer.startswith(("http://", "https://")):
        raise NotFound(NO_ADDRESS)
    base = issuer.rstrip("/")
    return {
        "issuer": issuer,
        "token_endpoint": f"{base}{router.url_path_for('create_token')}",
        "token_endpoint_auth_methods_supported": CLIENT_METHODS,
        "grant_types_supported": ["client_credentials", "refresh_token"],
        "response_types_supported": [],
        "revocation_endpoint": f"{base}{router.url_path_for('revoke_token')}",
        "revocation_endpoint_auth_methods_supported": ["none"],
        "introspection_endpoint": f"{base}{router.url_path_for('introspect_token')}",
        "introspection_endpoint_auth_methods_supported": CLIENT_METHODS,
        "jwks_uri": f"{base}{KEYS}",
    }


async def _session_of(token: str, counter: Counter, request: Request) -> tuple[str, str]:
    if refresh := counter.sessions.read(token):
        return refresh.session, refresh.account
    try:
        principal = await request.app.state.tokens.principal_of(token)
    except InvalidToken:
        return "", ""
    return principal.session or "", principal.identity


def _token(granted: Grant) -> JSONResponse:
    body: dict[str, Any] = {
        "access_token": granted.access_token,
        "token_type": "Bearer",
        "expires_in": granted.expires_in,
    }
    if granted.refresh_token:
        body["refresh_token"] = granted.refresh_token
    return JSONResponse(body, headers=NO_STORE)

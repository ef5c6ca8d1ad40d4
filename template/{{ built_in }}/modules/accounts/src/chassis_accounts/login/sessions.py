from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from chassis.client_address import address_of
from chassis.problems import NotFound, responses
from chassis_accounts.login.asking import ADMINISTRATORS, CounterDep, Owner, client_of
from chassis_accounts.login.counter import Given, Grant, reachable
from chassis_accounts.login.schemas import LogIn, Refresh, SessionList, SessionRead, Tokens

KEYS_AGE_S = 300

SessionId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]

router = APIRouter(prefix="/api/v1/auth", tags=["login"])


@router.post("/sessions", status_code=201, responses=responses(401, 422, 429))
async def log_in(body: LogIn, request: Request, response: Response, counter: CounterDep) -> Tokens:
    """Begin a session: for an e-mail address and a password, and a code where the account has one."""
    given = Given(
        email=body.email,
        password=body.password.get_secret_value(),
        code=body.code,
        address=address_of(request, counter.settings.client_address_header),
        client=client_of(request),
    )
    granted = await counter.log_in(given)
    response.headers["Location"] = f"{router.prefix}/sessions"
    return _tokens(response, granted)


@router.post("/sessions/refresh", responses=responses(401, 422))
async def refresh_session(body: Refresh, response: Response, counter: CounterDep) -> Tokens:
    """Go on with a session: the refresh token is good once, and brings its successor."""
    return _tokens(response, await counter.refresh(body.refresh_token.get_secret_value()))


@router.get("/sessions", responses=responses(422))
async def list_own_sessions(counter: CounterDep, owner: Owner) -> SessionList:
    """List the sessions of who asks, the newest first."""
    async with reachable():
        found = await counter.sessions.of(owner.identity)
    return SessionList(items=[SessionRead.model_validate(one) for one in found])


@router.delete("/sessions", status_code=204, responses=responses(422))
async def end_all_sessions(counter: CounterDep, owner: Owner) -> None:
    """Log out everywhere; within seconds no token of theirs is taken any more."""
    async with reachable():
        await counter.sessions.end_all(owner.identity)


@router.delete("/sessions/current", status_code=204, responses=responses(422))
async def log_out(counter: CounterDep, owner: Owner) -> None:
    """Log out; within seconds the token is not taken any more."""
    async with reachable():
        await counter.sessions.end(owner.session or "", owner.identity)


@router.delete("/sessions/{session_id}", status_code=204, responses=responses(404, 422))
async def end_session(session_id: SessionId, counter: CounterDep, owner: Owner) -> None:
    """End another session of who asks."""
    async with reachable():
        if not await counter.sessions.end(session_id, owner.identity):
            raise NotFound("There is no such session.")


@router.get("/keys", responses=responses(422))
async def list_public_keys(
    response: Response, counter: CounterDep
) -> dict[str, list[dict[str, str]]]:
    """Give the public keys (JWKS, RFC 7517), by which others can check the tokens."""
    response.headers["Cache-Control"] = f"public, max-age={KEYS_AGE_S}"
    return {"keys": [dict(pair.shown) for pair in await counter.keys.known()]}


@router.delete("/keys", status_code=204, responses=responses(422), dependencies=ADMINISTRATORS)
async def renew_keys(counter: CounterDep) -> None:
    """Take every signing key back, after one was stolen: all must refresh their tokens."""
    await counter.keys.renew()


def _tokens(response: Response, granted: Grant) -> Tokens:
    response.headers["Cache-Control"] = "no-store"
    return Tokens.model_validate(granted)

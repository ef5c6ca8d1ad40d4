from contextlib import suppress
from typing import Any, cast
from uuid import UUID

from fastapi import APIRouter, Request, Response

from chassis.client_address import address_of
from chassis.problems import Conflict, Invalid, responses
from chassis_accounts import second_factor
from chassis_accounts.login.asking import CounterDep, Owner
from chassis_accounts.login.counter import reachable
from chassis_accounts.login.schemas import (
    Confirmation,
    NewFactor,
    PasswordChange,
    Proof,
    RecoveryCodes,
    Registration,
    UserRead,
)
from chassis_accounts.login.users import shown
from chassis_redis import redis_client

PENDING_S = 600
"""Seconds in which a new second factor must be confirmed."""

router = APIRouter(prefix="/api/v1/auth/me", tags=["login"])


@router.post("", status_code=201, responses=responses(403, 409, 422, 429))
async def register(
    body: Registration, request: Request, response: Response, counter: CounterDep
) -> UserRead:
    """Make an account of one's own, where REGISTRATION is open."""
    address = address_of(request, counter.settings.client_address_header)
    made = await counter.register(body.email, body.password.get_secret_value(), address)
    response.headers["Location"] = router.prefix
    return shown(made)


@router.get("", responses=responses(404, 422))
async def get_own_account(counter: CounterDep, owner: Owner) -> UserRead:
    """Get the account of who asks."""
    return shown(await counter.of(owner.identity))


@router.put("/password", status_code=204, responses=responses(401, 404, 412, 422, 429))
async def change_password(body: PasswordChange, counter: CounterDep, owner: Owner) -> None:
    """Change the password; every other session ends."""
    account = await counter.proven(owner.identity, body.password.get_secret_value(), body.code)
    new = await counter.passwords.hashed(body.new_password.get_secret_value(), account.email)
    async with counter.ending_sessions(account.id, but=owner.session):
        await counter.accounts.change(account.id, {"password_hash": new}, account.version)


@router.post("/second-factor", responses=responses(401, 404, 409, 422, 429))
async def begin_second_factor(
    body: Proof, response: Response, counter: CounterDep, owner: Owner
) -> NewFactor:
    """Make a second factor, which counts once a code of it was sent."""
    account = await counter.proven(owner.identity, body.password.get_secret_value(), body.code)
    if account.totp_secret:
        raise Conflict("This account has a second factor: take it away first.")
    secret = second_factor.new_secret()
    async with reachable():
        sealed = counter.factor_seal().close(secret)
        await counter.redis.set(
            _pending(counter.sessions.namespace, account.id), sealed, ex=PENDING_S
        )
    response.headers["Cache-Control"] = "no-store"
    return NewFactor(
        secret=secret, address=second_factor.address(secret, account.email, counter.title)
    )


@router.put("/second-factor", responses=responses(404, 409, 412, 422, 429))
async def confirm_second_factor(
    body: Confirmation, response: Response, counter: CounterDep, owner: Owner
) -> RecoveryCodes:
    """Show that the authenticator works: from now on its codes are asked for."""
    account = await counter.of(owner.identity)
    key = _pending(counter.sessions.namespace, account.id)
    async with reachable():
        await counter.throttle.admit_code(str(account.id))
        kept = cast("bytes | None", await counter.redis.get(key))
        sealed = kept.decode() if kept else ""
        secret = counter.factor_seal().open(sealed) if sealed else None
        if secret is None:
            raise Conflict("There is no second factor to confirm: make one first.")
        if not await counter.code_is_right(account.id, secret, body.code):
            raise Invalid("is wrong", field="code")
    codes = second_factor.recovery_codes()
    changes = {
        "totp_secret": sealed,
        "recovery_codes": [second_factor.digest(code) for code in codes],
    }
    await counter.accounts.change(account.id, changes, account.version)
    with suppress(*redis_client.AWAY):  # it is forgotten by itself
        await counter.redis.delete(key)
    response.headers["Cache-Control"] = "no-store"
    return RecoveryCodes(recovery_codes=codes)


@router.post(
    "/second-factor/removal", status_code=204, responses=responses(401, 404, 412, 422, 429)
)
async def remove_second_factor(body: Proof, counter: CounterDep, owner: Owner) -> None:
    """Take the second factor away, for a password and a code."""
    account = await counter.proven(owner.identity, body.password.get_secret_value(), body.code)
    changes: dict[str, Any] = {"totp_secret": None, "recovery_codes": []}
    await counter.accounts.change(account.id, changes, account.version)


def _pending(namespace: str, account: UUID) -> str:
    return f"{namespace}:second-factor:{account}"

from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from chassis.problems import NotFound, responses
from chassis.schemas import Page
from chassis.versions import IfMatch, tagged
from chassis_accounts.login.asking import ADMINISTRATORS, CounterDep
from chassis_accounts.login.counter import reachable
from chassis_accounts.login.roles import check_power_over, check_roles
from chassis_accounts.login.schemas import (
    SessionList,
    SessionRead,
    UserChanges,
    UserCreate,
    UserRead,
)
from chassis_accounts.records import AccountCreate, AccountQuery, AccountRead

router = APIRouter(prefix="/api/v1/auth/users", tags=["users"], dependencies=ADMINISTRATORS)


async def _current(
    user_id: UUID, request: Request, counter: CounterDep, version: IfMatch
) -> AccountRead:
    """Give an account as it is now, if it has the version that the client counts on."""
    account = await counter.accounts.current(user_id, version)
    check_power_over(request, account.roles)
    return account


async def _in_reach(user_id: UUID, request: Request, counter: CounterDep) -> None:
    """Let nobody act on an account that may more; one that is gone may nothing."""
    with suppress(NotFound):
        check_power_over(request, (await counter.accounts.current(user_id)).roles)


Current = Annotated[AccountRead, Depends(_current)]
IN_REACH = [Depends(_in_reach)]


@router.post(
    "", status_code=201, responses=responses(409, 422), openapi_extra={"x-acts-elsewhere": True}
)
async def create_auth_user(
    body: UserCreate, request: Request, response: Response, counter: CounterDep
) -> UserRead:
    """Make an account."""
    check_roles(request, body.roles)
    proof = await counter.passwords.hashed(body.password.get_secret_value(), body.email)
    new = AccountCreate(email=body.email, password_hash=proof, roles=body.roles)
    added = await counter.accounts.add(new)
    response.headers["Location"] = f"{router.prefix}/{added.id}"
    return tagged(response, shown(added))


@router.get("", responses=responses(422))
async def list_auth_users(
    query: Annotated[AccountQuery, Query()], counter: CounterDep
) -> Page[UserRead]:
    """List accounts: by e-mail address, or all of them in pages."""
    page = await counter.accounts.list(query)
    return Page(items=list(map(shown, page.items)), next_cursor=page.next_cursor)


@router.get("/{user_id}", responses=responses(404, 422))
async def get_auth_user(user_id: UUID, response: Response, counter: CounterDep) -> UserRead:
    """Get an account."""
    return tagged(response, shown(await counter.accounts.current(user_id)))


@router.patch("/{user_id}", responses=responses(404, 409, 412, 422, 428))  # noqa: FAST003  # Current
async def update_auth_user(
    body: UserChanges, request: Request, response: Response, counter: CounterDep, account: Current
) -> UserRead:
    """Change an account; its sessions end, so that nobody goes on with what they had."""
    sent = body.model_dump(exclude_unset=True, exclude={"password", "second_factor"})
    if body.roles is not None:
        check_roles(request, body.roles)
    if body.password is not None:
        password = body.password.get_secret_value()
        sent["password_hash"] = await counter.passwords.hashed(password, account.email)
    if body.second_factor is not None:
        sent |= {"totp_secret": None, "recovery_codes": []}
    if not sent:
        return tagged(response, shown(account))
    async with counter.ending_sessions(account.id):
        changed = await counter.accounts.change(account.id, sent, account.version)
    return tagged(response, shown(changed))


@router.delete(
    "/{user_id}",
    status_code=204,
    responses=responses(404, 412, 422, 428),
    dependencies=IN_REACH,
)
async def delete_auth_user(user_id: UUID, counter: CounterDep, version: IfMatch) -> None:
    """Remove an account, and end its sessions; of one that is gone, too."""
    async with counter.ending_sessions(user_id):
        await counter.accounts.remove(user_id, version)


@router.get("/{user_id}/sessions", responses=responses(422))
async def list_sessions_of_user(user_id: UUID, counter: CounterDep) -> SessionList:
    """List the sessions of an account."""
    async with reachable():
        found = await counter.sessions.of(str(user_id))
    return SessionList(items=[SessionRead.model_validate(one) for one in found])


@router.delete(
    "/{user_id}/sessions", status_code=204, responses=responses(422), dependencies=IN_REACH
)
async def end_sessions_of_user(user_id: UUID, counter: CounterDep) -> None:
    """End every session of an account."""
    async with reachable():
        await counter.sessions.end_all(str(user_id))


def shown(account: AccountRead) -> UserRead:
    """Leave out what nobody is told."""
    said: dict[str, Any] = account.model_dump(include=set(UserRead.model_fields))
    return UserRead(**said, second_factor=account.totp_secret is not None)

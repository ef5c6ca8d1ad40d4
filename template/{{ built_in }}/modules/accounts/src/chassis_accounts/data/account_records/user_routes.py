from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis.schemas import Page
from chassis.versions import IfMatch, tagged
from chassis_accounts.data.account_records.repositories import Accounts
from chassis_accounts.records import (
    USERS,
    AccountChanges,
    AccountCreate,
    AccountQuery,
    AccountRead,
)

router = APIRouter(prefix=USERS, tags=["accounts"])


async def accounts(connection: HTTPConnection) -> Accounts:
    """Reach the accounts in the application's database."""
    found: Accounts = connection.app.state.accounts
    return found


AccountsDep = Annotated[Accounts, Depends(accounts)]


@router.post("", status_code=201, responses=responses(409, 422))
async def create_account(
    body: AccountCreate, response: Response, accounts: AccountsDep
) -> AccountRead:
    """Insert an account."""
    added = await accounts.add(body.model_dump())
    response.headers["Location"] = f"{USERS}/{added.id}"
    return tagged(response, added)


@router.get("", responses=responses(422))
async def list_accounts(
    query: Annotated[AccountQuery, Query()], accounts: AccountsDep
) -> Page[AccountRead]:
    """Select one page of accounts."""
    return await accounts.list(query)


@router.get("/{account_id}", responses=responses(404, 422))
async def get_account(account_id: UUID, accounts: AccountsDep, response: Response) -> AccountRead:
    """Select one account."""
    return tagged(response, await accounts.get(account_id))


@router.patch("/{account_id}", responses=responses(404, 409, 412, 422))
async def update_account(
    account_id: UUID,
    body: AccountChanges,
    accounts: AccountsDep,
    version: IfMatch,
    response: Response,
) -> AccountRead:
    """Update the columns that are sent."""
    sent = body.model_dump(exclude_unset=True)
    return tagged(response, await accounts.change(account_id, sent, version))


@router.delete("/{account_id}", status_code=204, responses=responses(404, 409, 412, 422))
async def delete_account(account_id: UUID, accounts: AccountsDep, version: IfMatch) -> None:
    """Delete one account."""
    await accounts.remove(account_id, version)

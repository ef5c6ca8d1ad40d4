from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis.schemas import Page
from chassis_accounts.data.account_records.repositories import SigningKeys
from chassis_accounts.records import KEYS, KeyCreate, KeyQuery, KeyRead

router = APIRouter(prefix=KEYS, tags=["signing keys"])


async def signing_keys(connection: HTTPConnection) -> SigningKeys:
    """Reach the keys in the application's database."""
    found: SigningKeys = connection.app.state.signing_keys
    return found


SigningKeysDep = Annotated[SigningKeys, Depends(signing_keys)]


@router.post("", status_code=201, responses=responses(409, 422))
async def create_key(body: KeyCreate, response: Response, keys: SigningKeysDep) -> KeyRead:
    """Insert a pair of keys; 409 says that there is one of that number."""
    added = await keys.add(body.model_dump())
    response.headers["Location"] = f"{KEYS}/{added.id}"
    return added


@router.get("", responses=responses(422))
async def list_keys(query: Annotated[KeyQuery, Query()], keys: SigningKeysDep) -> Page[KeyRead]:
    """Select one page of keys."""
    return await keys.list(query)


@router.delete("/{key_id}", status_code=204, responses=responses(404, 422))
async def delete_key(key_id: UUID, keys: SigningKeysDep) -> None:
    """Delete one pair of keys: tokens that it has signed are worth nothing from then on."""
    await keys.remove(key_id)

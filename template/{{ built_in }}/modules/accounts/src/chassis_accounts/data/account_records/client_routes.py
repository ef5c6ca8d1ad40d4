from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis.schemas import Page
from chassis.versions import IfMatch, tagged
from chassis_accounts.data.account_records.repositories import Clients
from chassis_accounts.records import (
    CLIENTS,
    ClientChanges,
    ClientCreate,
    ClientQuery,
    ClientRead,
)

router = APIRouter(prefix=CLIENTS, tags=["clients"])


async def clients(connection: HTTPConnection) -> Clients:
    """Reach the clients in the application's database."""
    found: Clients = connection.app.state.clients
    return found


ClientsDep = Annotated[Clients, Depends(clients)]


@router.post("", status_code=201, responses=responses(409, 422))
async def create_client(body: ClientCreate, response: Response, clients: ClientsDep) -> ClientRead:
    """Insert a client."""
    added = await clients.add(body.model_dump())
    response.headers["Location"] = f"{CLIENTS}/{added.id}"
    return tagged(response, added)


@router.get("", responses=responses(422))
async def list_clients(
    query: Annotated[ClientQuery, Query()], clients: ClientsDep
) -> Page[ClientRead]:
    """Select one page of clients."""
    return await clients.list(query)


@router.get("/{client_id}", responses=responses(404, 422))
async def get_client(client_id: UUID, clients: ClientsDep, response: Response) -> ClientRead:
    """Select one client."""
    return tagged(response, await clients.get(client_id))


@router.patch("/{client_id}", responses=responses(404, 409, 412, 422))
async def update_client(
    client_id: UUID,
    body: ClientChanges,
    clients: ClientsDep,
    version: IfMatch,
    response: Response,
) -> ClientRead:
    """Update the columns that are sent."""
    sent = body.model_dump(exclude_unset=True)
    return tagged(response, await clients.change(client_id, sent, version))


@router.delete("/{client_id}", status_code=204, responses=responses(404, 409, 412, 422))
async def delete_client(client_id: UUID, clients: ClientsDep, version: IfMatch) -> None:
    """Delete one client."""
    await clients.remove(client_id, version)

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from chassis.problems import responses
from chassis.schemas import Page
from chassis_accounts.login.asking import ADMINISTRATORS, CounterDep
from chassis_accounts.login.counter import reachable
from chassis_accounts.login.users import check_roles
from chassis_accounts.oauth.asking import new_secret
from chassis_accounts.oauth.forms import NO_STORE
from chassis_accounts.oauth.routes import ClientsDep
from chassis_accounts.oauth.schemas import ClientAdded, ClientShown, ClientUpdated
from chassis_accounts.records import CLIENTS, ClientCreate, ClientQuery, ClientRead

router = APIRouter(prefix=CLIENTS, tags=["clients"], dependencies=ADMINISTRATORS)


async def _known_roles(body: ClientUpdated, request: Request) -> ClientUpdated:
    check_roles(request, body.roles or [])
    return body


Changes = Annotated[ClientUpdated, Depends(_known_roles)]


@router.post("", status_code=201, responses=responses(409, 422))
async def create_auth_client(
    body: ClientAdded, request: Request, response: Response, clients: ClientsDep
) -> ClientShown:
    """Make a client; the answer shows its secret, which is nowhere else."""
    check_roles(request, body.roles)
    secret, kept = new_secret()
    new = ClientCreate(name=body.name, secret_hash=kept, roles=body.roles)
    added = await clients.add(new)
    response.headers["Location"] = f"{CLIENTS}/{added.id}"
    response.headers.update(NO_STORE)
    return _shown(added, secret)


@router.get("", responses=responses(422))
async def list_auth_clients(
    query: Annotated[ClientQuery, Query()], clients: ClientsDep
) -> Page[ClientShown]:
    """List clients."""
    page = await clients.list(query)
    return Page(items=list(map(_shown, page.items)), next_cursor=page.next_cursor)


@router.patch("/{client_id}", responses=responses(404, 409, 412, 422))
async def update_auth_client(
    client_id: UUID, body: Changes, response: Response, counter: CounterDep, clients: ClientsDep
) -> ClientShown:
    """Change a client; its tokens end, so that it goes on with what it may now."""
    client = await clients.current(client_id)
    changes: dict[str, Any] = body.model_dump(exclude_unset=True, exclude={"new_secret"})
    secret = None
    if body.new_secret:
        secret, changes["secret_hash"] = new_secret()
    if not changes:
        return _shown(client)
    changed = await clients.change(client_id, changes, client.version)
    async with reachable():
        await counter.sessions.end_all(str(client_id))
    response.headers.update(NO_STORE)
    return _shown(changed, secret)


@router.delete("/{client_id}", status_code=204, responses=responses(404, 422))
async def delete_auth_client(client_id: UUID, counter: CounterDep, clients: ClientsDep) -> None:
    """Remove a client, and end its tokens."""
    await clients.remove(client_id)
    async with reachable():
        await counter.sessions.end_all(str(client_id))


def _shown(client: ClientRead, secret: str | None = None) -> ClientShown:
    """Leave out what nobody is told."""
    return ClientShown(**client.model_dump(exclude={"secret_hash"}), client_secret=secret)

from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from chassis.problems import NotFound, responses
from chassis.schemas import Page
from chassis.versions import IfMatch, tagged
from chassis_accounts.login.asking import ADMINISTRATORS, CounterDep
from chassis_accounts.login.roles import check_power_over, check_roles
from chassis_accounts.oauth.asking import new_secret
from chassis_accounts.oauth.forms import NO_STORE
from chassis_accounts.oauth.routes import ClientsDep
from chassis_accounts.oauth.schemas import ClientAdded, ClientShown, ClientUpdated
from chassis_accounts.records import CLIENTS, ClientCreate, ClientQuery, ClientRead

router = APIRouter(prefix=CLIENTS, tags=["clients"], dependencies=ADMINISTRATORS)


async def _known_roles(body: ClientUpdated, request: Request) -> ClientUpdated:
    check_roles(request, body.roles or [])
    return body


async def _current(
    client_id: UUID, request: Request, clients: ClientsDep, version: IfMatch
) -> ClientRead:
    """Give a client as it is now, if it has the version that whoever asks counts on."""
    client = await clients.current(client_id, version)
    check_power_over(request, client.roles)
    return client


async def _in_reach(client_id: UUID, request: Request, clients: ClientsDep) -> None:
    """Let nobody act on a client that may more; one that is gone may nothing."""
    with suppress(NotFound):
        check_power_over(request, (await clients.current(client_id)).roles)


Changes = Annotated[ClientUpdated, Depends(_known_roles)]
Current = Annotated[ClientRead, Depends(_current)]
IN_REACH = [Depends(_in_reach)]


@router.post(
    "", status_code=201, responses=responses(409, 422), openapi_extra={"x-acts-elsewhere": True}
)
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
    return tagged(response, _shown(added, secret))


@router.get("", responses=responses(422))
async def list_auth_clients(
    query: Annotated[ClientQuery, Query()], clients: ClientsDep
) -> Page[ClientShown]:
    """List clients."""
    page = await clients.list(query)
    return Page(items=list(map(_shown, page.items)), next_cursor=page.next_cursor)


@router.get("/{client_id}", responses=responses(404, 422))
async def get_auth_client(client_id: UUID, response: Response, clients: ClientsDep) -> ClientShown:
    """Get a client."""
    return tagged(response, _shown(await clients.current(client_id)))


@router.patch("/{client_id}", responses=responses(404, 409, 412, 422, 428))  # noqa: FAST003  # Current
async def update_auth_client(
    body: Changes, response: Response, counter: CounterDep, clients: ClientsDep, client: Current
) -> ClientShown:
    """Change a client; its tokens end, so that it goes on with what it may now."""
    changes: dict[str, Any] = body.model_dump(exclude_unset=True, exclude={"new_secret"})
    secret = None
    if body.new_secret:
        secret, changes["secret_hash"] = new_secret()
    if not changes:
        return tagged(response, _shown(client))
    async with counter.ending_sessions(client.id):
        changed = await clients.change(client.id, changes, client.version)
    response.headers.update(NO_STORE)
    return tagged(response, _shown(changed, secret))


@router.delete(
    "/{client_id}",
    status_code=204,
    responses=responses(404, 412, 422, 428),
    dependencies=IN_REACH,
)
async def delete_auth_client(
    client_id: UUID, counter: CounterDep, clients: ClientsDep, version: IfMatch
) -> None:
    """Remove a client, and end its tokens; of one that is gone, too."""
    async with counter.ending_sessions(client_id):
        await clients.remove(client_id, version)


def _shown(client: ClientRead, secret: str | None = None) -> ClientShown:
    """Leave out what nobody is told."""
    return ClientShown(**client.model_dump(exclude={"secret_hash"}), client_secret=secret)

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from chassis.access.asking import Asking, Who
from chassis.identity import Principal
from chassis.identity.rules import PUBLIC, SIGNED_IN
from chassis.problems import Conflict, Invalid, NotFound, responses
from chassis.schemas import Exact, ListQuery, Page, Schema
from chassis_realtime.audiences import declared_audiences
from chassis_realtime.devices import (
    PATH,
    Account,
    Address,
    Audience,
    Key,
    Kind,
    PushDeviceNew,
    PushDeviceQuery,
    PushDeviceRead,
)
from chassis_realtime.kept_devices import KeptDevices
from chassis_realtime.push_addresses import checked

if TYPE_CHECKING:
    from chassis_realtime.push_api.settings import DeviceSettings

OF_OTHERS_READ, OF_OTHERS_DELETE = "push-devices:read", "push-devices:delete"
"""The permissions to see and to end devices of other accounts."""
NO_ACCOUNT = "Who asks has no such account."
NO_AUDIENCE = "There is no such collection for you to follow."
NO_KEY = "Pages are not pushed to here."
TOO_MANY = "This account has as many devices as it may have: end one of them first."
FINGERPRINT = 12

router = APIRouter(prefix=PATH, tags=["push devices"])


class PushDevice(Schema):
    """A device that wants to be told what happens to a collection."""

    collection: Audience
    kind: Kind
    address: Address
    """The token of FCM or APNs, or the endpoint of a subscription of Web Push."""
    p256dh: Key = None
    """Of a subscription of Web Push: `keys.p256dh`."""
    auth: Key = None
    """Of a subscription of Web Push: `keys.auth`."""


class OwnPushDevice(Schema):
    """A device that is told what happens to a collection."""

    id: UUID
    account: str
    collection: str
    kind: Kind | str
    fingerprint: str
    """Tells one address from another; the beginning of its SHA-256."""
    ends_at: dt.datetime
    created_at: dt.datetime


class OwnPushDeviceQuery(ListQuery):
    """Which devices a list shows: the own ones, or those of another account."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    account: Annotated[Account, Exact()] | None = None


class PushKey(Schema):
    """What a page subscribes with."""

    key: str
    """`applicationServerKey`, in Base64 for URLs."""


def _devices(request: Request) -> KeptDevices:
    devices: KeptDevices = request.app.state.kept_devices
    return devices


@router.put("", responses=responses(404, 409, 422))
async def set_own_push_device(body: PushDevice, request: Request, asking: Asking) -> OwnPushDevice:
    """Have a device told what happens to a collection, for some time more; again is the same."""
    settings: DeviceSettings = request.app.state.settings
    who = asking.principal
    if who is None:
        raise NotFound(NO_ACCOUNT)
    if who.service:
        raise Conflict(NO_ACCOUNT)
    if body.kind not in settings.push_providers:
        offered = ", ".join(sorted(settings.push_providers)) or "nothing"
        raise Invalid(f"must be what this system pushes by: {offered}", field="kind")
    address = checked(body.kind, body.address, body.p256dh, body.auth, settings.push_web_hosts)
    new = PushDeviceNew(
        account=who.identity,
        audience=body.collection,
        kind=body.kind,
        address=address,
        p256dh=body.p256dh,
        auth=body.auth,
        roles=_reading(asking, who, body.collection),
        ends_at=dt.datetime.now(dt.UTC) + dt.timedelta(seconds=settings.push_device_life),
    )
    await _check_number(_devices(request), new, settings.push_devices_an_account)
    return _shown(await _devices(request).register(new))


@router.get("", responses=responses(404, 422))
async def list_own_push_devices(
    query: Annotated[OwnPushDeviceQuery, Query()], request: Request, asking: Asking
) -> Page[OwnPushDevice]:
    """List the devices of the account of who asks; their addresses are told to nobody."""
    account = query.account or asking.id
    if not account or (account != asking.id and not asking.may(OF_OTHERS_READ)):
        raise NotFound(NO_ACCOUNT)
    asked = PushDeviceQuery(**{**query.model_dump(), "account": account})
    page = await _devices(request).list(asked)
    return Page(items=[_shown(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/key", responses=responses(404))
async def get_push_key(request: Request, response: Response) -> PushKey:
    """Get the key that a page subscribes with at its browser's push service."""
    settings: DeviceSettings = request.app.state.settings
    if "web_push" not in settings.push_providers:
        raise NotFound(NO_KEY)
    response.headers["Cache-Control"] = "private, max-age=300"
    return PushKey(key=settings.push_vapid_public_key)


@router.delete("/{device_id}", status_code=204, responses=responses(404, 422))
async def delete_own_push_device(device_id: UUID, request: Request, asking: Asking) -> None:
    """Have a device told nothing any more of its collection, as when somebody logs out there."""
    if not asking.id:
        raise NotFound(NO_ACCOUNT)
    of_anybody = asking.may(OF_OTHERS_DELETE)
    await _devices(request).end(device_id, None if of_anybody else asking.id)


def _reading(asking: Who, who: Principal, collection: str) -> list[str]:
    """Give the roles by which somebody may follow a collection; raises NotFound without any."""
    if collection not in declared_audiences():
        raise NotFound(NO_AUDIENCE)
    permission = asking.rules.permission_for("GET", f"/api/v1/{collection}/live/events")
    if permission in {PUBLIC, SIGNED_IN}:
        return []
    single = {role: Principal(who.identity, frozenset({role})) for role in sorted(who.roles)}
    roles = [role for role, one in single.items() if asking.rules.allows(one, permission)]
    if not roles:
        raise NotFound(NO_AUDIENCE)
    return roles


async def _check_number(devices: KeptDevices, new: PushDeviceNew, most: int) -> None:
    """Raise Conflict if the account has too many devices for one more."""
    page = await devices.list(PushDeviceQuery(account=new.account, limit=most))
    same = {(one.kind, one.address, one.audience) for one in page.items}
    if len(page.items) < most or (new.kind, new.address, new.audience) in same:
        return
    now = dt.datetime.now(dt.UTC)
    ended = [one.id for one in page.items if one.ends_at <= now]
    if not ended:
        raise Conflict(TOO_MANY)
    for one in ended:
        await devices.forget_ended(one)


def _shown(device: PushDeviceRead) -> OwnPushDevice:
    return OwnPushDevice(
        id=device.id,
        account=device.account,
        collection=device.audience,
        kind=device.kind,
        fingerprint=device.address_hash[:FINGERPRINT],
        ends_at=device.ends_at,
        created_at=device.created_at,
    )

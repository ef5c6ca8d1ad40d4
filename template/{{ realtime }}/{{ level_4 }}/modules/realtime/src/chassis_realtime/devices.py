"""Devices that are told of changes by push, as services exchange them.

The address of a device is a secret: who has it can disturb its owner. It is in no answer for people,
in no URL and in no log; where one device must be told from another, its fingerprint does that.
"""

import datetime as dt
from hashlib import sha256
from typing import Annotated, Final, Literal, get_args
from uuid import UUID

from pydantic import AwareDatetime, Field

from chassis.schemas import Answer, Exact, ListQuery, Schema

PATH = "/api/v1/push-devices"
LONGEST_ADDRESS: Final = 2048

type Kind = Literal["fcm", "apns", "web_push"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind.__value__)

Account = Annotated[str, Field(min_length=1, max_length=255)]
Audience = Annotated[str, Field(min_length=1, max_length=255)]
Address = Annotated[str, Field(min_length=1, max_length=LONGEST_ADDRESS, repr=False)]
Key = Annotated[str | None, Field(max_length=100, repr=False)]
Roles = Annotated[list[Annotated[str, Field(min_length=1, max_length=255)]], Field(max_length=100)]


class PushDeviceNew(Schema):
    """A device that is to be told what happens to a collection."""

    account: Account
    audience: Audience
    kind: Kind
    address: Address
    """The token of FCM or APNs, or the endpoint of a subscription of Web Push."""
    p256dh: Key = None
    """The public key of a subscription of Web Push."""
    auth: Key = None
    """The secret of a subscription of Web Push."""
    roles: Roles
    """The roles by which the account may read the collection; none where everybody may."""
    ends_at: Annotated[AwareDatetime, Exact()]
    """When it has to be registered again."""


class PushDeviceRead(Answer):
    """A device as it is kept."""

    id: UUID
    account: str
    audience: str
    kind: Kind | str
    address: Annotated[str, Field(repr=False)]
    address_hash: str
    p256dh: Annotated[str | None, Field(repr=False)]
    auth: Annotated[str | None, Field(repr=False)]
    roles: list[str]
    ends_at: dt.datetime
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int


class PushDeviceQuery(ListQuery):
    """Which devices a list shows."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    account: Annotated[Account, Exact()] | None = None
    audience: Annotated[Audience, Exact()] | None = None
    kind: Kind | None = None
    address_hash: Annotated[str, Field(max_length=64), Exact()] | None = None


def hash_of(address: str) -> str:
    """Give what stands for an address where it is looked for."""
    return sha256(address.encode()).hexdigest()

"""Messages, as the services speak of them."""

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from chassis.schemas import Answer, Exact, FromText, ListQuery, Schema
from chassis_communications import zones
from chassis_communications.addresses import Channel

MESSAGES = "/api/v1/messages"
"""Where the data service has them, and the business API too."""

State = Literal[
    "queued",
    "sending",
    "sent",
    "delivered",
    "bounced",
    "complained",
    "failed",
    "withheld",
    "unknown",
]

LONGEST_REASON = 200

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]
Recipient = Annotated[str, Field(min_length=1, max_length=254), Exact()]
Data = Annotated[dict[str, Any], Exact()]
Reason = Annotated[str, Field(max_length=LONGEST_REASON), Exact()]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Moment = Annotated[AwareDatetime, Exact()]
Zone = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+/-]{1,64}$")]
KnownZone = Annotated[Zone, AfterValidator(zones.known)]


def line(text: object, longest: int = LONGEST_REASON) -> str:
    """Give what somebody else has written as one line, which can be kept."""
    return "".join(sign for sign in " ".join(str(text).split()) if sign.isprintable())[:longest]


class NewMessage(Schema):
    """A message that is to be sent."""

    template: Name
    channel: Channel
    recipient: Recipient
    data: Data = Field(default_factory=dict)
    """The variables of the template."""
    time_zone: Zone | None = None
    """Where the recipient lives, such as `Europe/London`: by that its quiet hours are told."""


class MessageRequest(NewMessage):
    """A message, as clients ask for it."""

    time_zone: KnownZone | None = None
    """Where the recipient lives, such as `Europe/London`: by that its quiet hours are told."""
    key: Annotated[str, Field(min_length=1, max_length=200), Exact()] | None = None
    """What makes it one: asked for again under the same key, it is the same message."""


class MessageRead(Answer):
    """A message, and what has become of it."""

    id: UUID
    template: str
    channel: Channel | str
    recipient: str
    data: dict[str, Any]
    """Empty for messages of security: what is in them lets somebody in."""
    state: State | str
    reason: str | None
    """Why it is in this state."""
    provider: str | None
    attempts: int
    segments: int | None
    """How many messages the provider bills."""
    cost: int | None
    """What it costs, in millionths of the currency that the provider bills in."""
    due_at: dt.datetime
    """When it is to be sent, or was."""
    created_at: dt.datetime
    updated_at: dt.datetime


class StoredMessageRead(MessageRead):
    """A message as the data service keeps it."""

    time_zone: str | None
    address_hash: str
    attempt: UUID | None
    """Of the last attempt: only who made it may say what came of it."""
    provider_id: str | None
    """What the provider calls it."""


class MessageState(Schema):
    """What a message has come to; what is not said stays as it is."""

    state: State
    reason: Reason | None = None
    attempt: Annotated[UUID, Exact()] | None = None
    provider: Name | None = None
    provider_id: Annotated[str, Field(max_length=200), Exact()] | None = None
    segments: Annotated[int, Field(ge=1, le=1000), Exact()] | None = None
    cost: Annotated[int, Field(ge=0, le=10**12), Exact()] | None = None
    due_at: Moment | None = None


class MessageQuery(ListQuery):
    """Which messages a list shows."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    template: Name | None = None
    channel: Channel | None = None
    state: State | None = None


class StoredMessageQuery(MessageQuery):
    """Which messages the data service lists."""

    sort: Literal["created_at", "-created_at", "due_at"] = "-created_at"  # type: ignore[assignment]
    address_hash: Hash | None = None
    due_at_max: Annotated[Moment | None, FromText()] = None
    updated_at_max: Annotated[Moment | None, FromText()] = None
    created_at_min: Annotated[Moment | None, FromText()] = None


class MessageCount(Answer):
    """How many messages went to an address."""

    number: int


class CountQuery(Schema):
    """Which messages are counted: those that went to an address since then."""

    address_hash: Hash
    since: Moment

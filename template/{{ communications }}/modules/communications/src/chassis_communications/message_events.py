"""What providers tell of messages: kept once, and acted on by a worker."""

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from chassis.schemas import Exact, FromText, ListQuery, Schema
from chassis_communications.messages import Moment, Reason, State
from chassis_communications.suppressions import Cause

EVENTS = "/api/v1/message-events"
MOST = 1000
"""Events that come at once."""

Provider = Literal["sendgrid", "twilio", "ses"]


class NewMessageEvent(Schema):
    """Something that a provider tells of a message of ours."""

    provider: Provider
    event: Annotated[str, Field(min_length=1, max_length=200), Exact()]
    """What the provider calls it: with that it is kept once."""
    message: Annotated[UUID, Exact()]
    state: State | None = None
    reason: Reason | None = None
    cause: Cause | None = None
    """Why nothing is to be sent to the address of this message any more."""


class MessageEventBatch(Schema):
    """What a provider tells at once."""

    items: Annotated[list[NewMessageEvent], Field(max_length=MOST)]


class MessageEventRead(Schema):
    """Something that a provider told."""

    id: UUID
    provider: Provider
    event: str
    message: UUID
    state: State | None
    reason: str | None
    cause: Cause | None
    handled: bool
    created_at: dt.datetime
    updated_at: dt.datetime


class MessageEventQuery(ListQuery):
    """Which of them a list shows."""

    sort: Literal["created_at", "-created_at"] = "created_at"
    handled: Annotated[Annotated[bool, Exact()] | None, FromText()] = None
    created_at_max: Annotated[Moment | None, FromText()] = None

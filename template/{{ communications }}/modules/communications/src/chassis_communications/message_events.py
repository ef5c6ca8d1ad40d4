"""What providers tell of messages: kept once, and acted on by a worker."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from chassis.schemas import Exact, Schema
from chassis.webhooks import DueEvent
from chassis_communications.messages import Reason, State
from chassis_communications.suppressions import Cause

EVENTS = "/api/v1/message-events"
MOST = 1000
"""Events that come at once."""

Provider = Literal["sendgrid", "twilio", "ses"]


class NewMessageEvent(Schema):
    """Something that a provider tells of a message of ours."""

    provider: Provider
    event_id: Annotated[str, Field(min_length=1, max_length=255), Exact()]
    """What the provider calls it: with that it is kept once."""
    message: Annotated[UUID, Exact()]
    told: State | None = None
    """What the message has come to."""
    reason: Reason | None = None
    cause: Cause | None = None
    """Why nothing is to be sent to the address of this message any more."""


def id_of(text: object) -> UUID | None:
    """Give the id of a message; None for what others write in its place."""
    try:
        return UUID(text) if isinstance(text, str) and str(UUID(text)) == text else None
    except ValueError:
        return None


class MessageEventBatch(Schema):
    """What a provider tells at once."""

    items: Annotated[list[NewMessageEvent], Field(max_length=MOST)]


class DueMessageEvent(DueEvent):
    """Something that a provider told, and nobody has acted on."""

    message: UUID
    told: State | str | None
    reason: str | None
    cause: Cause | str | None

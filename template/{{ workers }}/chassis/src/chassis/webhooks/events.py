"""Events of providers, as a worker and the data service speak of them."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.schemas import Answer, Schema

LONGEST_ERROR = 500


class DueEvent(Answer):
    """An event that is to be acted on."""

    id: UUID
    provider: str
    event_id: str
    """What the provider calls it: with that it is kept once."""
    attempts: int
    """How often it was acted on in vain."""


class EventOutcome(Schema):
    """What became of an event; without an error, it is done."""

    error: Annotated[str, Field(max_length=LONGEST_ERROR)] | None = None

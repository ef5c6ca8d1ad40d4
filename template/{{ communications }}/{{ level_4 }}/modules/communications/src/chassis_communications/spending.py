"""What messages cost, as the services speak of it."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.schemas import Answer, Exact, FromText, Schema
from chassis_communications.addresses import Channel
from chassis_communications.messages import Moment

COSTS = "/api/v1/message-costs"

Millionths = Annotated[int, Field(ge=0, le=10**12), Exact()]
Beginning = Annotated[str, Field(pattern=r"^\+[0-9]{1,14}$")]


class CostQuery(Schema):
    """Since when, and until when, costs are told."""

    since: Moment
    until: Annotated[Moment | None, FromText()] = None


class DailyCost(Answer):
    """What the messages of a day cost."""

    day: dt.date
    """In UTC."""
    channel: Channel | str
    provider: str | None
    messages: int
    segments: int
    """What the provider bills."""
    cost: int
    """In millionths of the currency that the provider bills in."""


class DailyCosts(Answer):
    """What messages cost, day by day, the latest first."""

    items: list[DailyCost]


class TotalQuery(Schema):
    """Which messages are added up: those that were asked for since then, and sent or perhaps sent."""

    since: Moment
    channel: Channel | None = None
    beginning: Beginning | None = None
    """Of the numbers that they went to."""


class Total(Answer):
    """What messages cost together."""

    messages: int
    cost: int
    """In millionths of the currency that the provider bills in."""


class UnpricedQuery(Schema):
    """Which SMS are listed: those asked for since then whose price is an estimate, after one of them."""

    since: Moment
    after: Annotated[Annotated[UUID, Exact()] | None, FromText()] = None
    limit: Annotated[int, Field(strict=True, ge=1, le=100), FromText()] = 20


class Unpriced(Answer):
    """An SMS that a provider has taken without saying what it costs."""

    id: UUID
    provider_id: str
    """What the provider calls it."""
    segments: int | None


class UnpricedMessages(Answer):
    """SMS whose price is an estimate, by their ids."""

    items: list[Unpriced]


class MessagePrice(Schema):
    """What the provider bills for a message, in millionths of its currency."""

    price: Millionths
    estimate: Millionths
    """What was counted instead, for the attempt that the provider took."""

"""What messages cost, as the services speak of it."""

import datetime as dt
from typing import Annotated

from pydantic import Field

from chassis.schemas import Answer, FromText, Schema
from chassis_communications.addresses import Channel
from chassis_communications.messages import Moment

COSTS = "/api/v1/message-costs"

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

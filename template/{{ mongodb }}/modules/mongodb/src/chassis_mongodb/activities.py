"""Activities: what happened to a record, as services tell the document service over HTTP."""

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from chassis.schemas import Answer, Exact, FromText, ListQuery, Schema

PATH = "/api/v1/activities"
MOST_DAYS = 366
"""Days that can be counted at once."""

ActivityType = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$", max_length=100, examples=["loan.created"]),
]
Moment = Annotated[AwareDatetime, Exact()]
Day = Annotated[dt.date, Exact()]
Subject = Annotated[UUID, Exact()]


class ActivityNew(Schema):
    """Something that happened to a record."""

    type: ActivityType
    subject: Subject
    """The record that it happened to."""
    at: Moment
    data: Annotated[dict[str, Any], Exact()] | None = None
    """What is to be known of it, such as the record as it was since then."""


class ActivityRead(Answer):
    """An activity as it is kept."""

    id: UUID
    type: str
    subject: UUID
    at: dt.datetime
    data: dict[str, Any] | None


class HistoryQuery(ListQuery):
    """Which part of a history is shown."""

    sort: Literal["at", "-at"] = "-at"


class ActivityQuery(HistoryQuery):
    """Which activities a list shows."""

    subject: Subject | None = None
    type: ActivityType | None = None
    at_min: Moment | None = None
    at_max: Moment | None = None


class ActivityCountQuery(Schema):
    """Which activities are counted, in how many days back from which one."""

    until: Day | None = None
    """Today, if it is not given."""
    days: Annotated[int, Field(strict=True, ge=1, le=MOST_DAYS), FromText()] = 30
    type: ActivityType | None = None


class ActivityCount(Answer):
    """How many activities there were on a day, in UTC."""

    day: dt.date
    number: int


class ActivityCounts(Answer):
    """The days on which there were any, the latest first."""

    items: list[ActivityCount]

"""Daily counts, as the data service offers them to workers over HTTP."""

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from chassis.schemas import Answer, Exact, ListQuery, Schema

PATH = "/api/v1/daily-counts"

CountName = Annotated[
    str, Field(pattern=r"^[a-z0-9_.]+$", max_length=100, examples=["orders.created"])
]
Day = Annotated[dt.date, Exact()]
Number = Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000), Exact()]
DailyCountSort = Literal["day", "-day", "name", "-name", "created_at", "-created_at"]


class DailyCountAddition(Schema):
    """A number to be added to the count of a day, which begins at 0."""

    name: CountName
    day: Day
    number: Number = 1


class DailyCountNumber(Schema):
    """What the count of a day shall be, whatever it was."""

    number: Number


class DailyCountRead(Answer):
    """The count of a day."""

    id: UUID
    name: str
    day: dt.date
    number: int
    created_at: dt.datetime
    updated_at: dt.datetime


class DailyCountQuery(ListQuery):
    """Which counts a list shows."""

    sort: DailyCountSort = "-day"
    name: CountName | None = None
    day: Day | None = None
    day_min: Day | None = None
    day_max: Day | None = None

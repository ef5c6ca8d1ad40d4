"""Daily counts, as a worker reaches them: over HTTP, in the data service."""

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from chassis.data_api import Http
from chassis.http_client import raise_for_problem
from chassis.schemas import ListQuery, Schema

PATH = "/api/v1/daily-counts"

CountName = Annotated[
    str, Field(pattern=r"^[a-z0-9_.]+$", max_length=100, examples=["orders.created"])
]
Number = Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)]
DailyCountSort = Literal["day", "-day", "name", "-name", "created_at", "-created_at"]


class DailyCountAddition(Schema):
    """A number to be added to the count of a day, which begins at 0."""

    name: CountName
    day: dt.date
    number: Number = 1


class DailyCountRead(Schema):
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
    day: dt.date | None = None
    day_min: dt.date | None = None
    day_max: dt.date | None = None


class DataApiDailyCounts:
    """Adds to daily counts over the data service's HTTP API."""

    def __init__(self, http: Http, base_url: str) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}{PATH}"

    async def add(self, name: str, day: dt.date, number: int) -> None:
        """Add to the count of a day; raises Invalid for a name or number that is not allowed."""
        addition = DailyCountAddition(name=name, day=day, number=number)
        body = addition.model_dump_json().encode()
        raise_for_problem(await self._http.post(self._url, json_body=body))

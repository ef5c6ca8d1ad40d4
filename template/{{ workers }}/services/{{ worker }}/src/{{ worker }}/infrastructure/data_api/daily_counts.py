"""Daily counts, kept by the data service."""

import datetime as dt
from typing import Protocol

from pydantic import TypeAdapter

from chassis import data_api
from chassis.http_client import Reply, raise_for_problem
from chassis.schemas import Page
from chassis_workers.counts import PATH, DailyCountAddition, DailyCountNumber, DailyCountRead

WEEK = dt.timedelta(days=7)

_pages = TypeAdapter(Page[DailyCountRead])


class Http(data_api.Http, Protocol):
    """The calls of the worker's HTTP client that are needed here."""

    async def put(self, url: str, *, json_body: bytes | None = None) -> Reply:
        """Set."""
        ...


class DataApiDailyCounts:
    """The `DailyCounts` port over the data service's HTTP API."""

    def __init__(self, http: Http, base_url: str) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}{PATH}"

    async def add(self, name: str, day: dt.date, number: int) -> None:
        """Add to the number of a day, which begins at 0."""
        body = DailyCountAddition(name=name, day=day, number=number).model_dump_json().encode()
        raise_for_problem(await self._http.post(self._url, json_body=body))

    async def replace(self, name: str, day: dt.date, number: int) -> None:
        """Set the number of a day, whatever it was."""
        body = DailyCountNumber(number=number).model_dump_json().encode()
        raise_for_problem(await self._http.put(f"{self._url}/{name}/{day}", json_body=body))

    async def of_week(self, name: str, last: dt.date) -> int:
        """Add up the numbers of the seven days that end with the last one: one call."""
        first = last - WEEK + dt.timedelta(days=1)
        params = {"name": name, "day_min": str(first), "day_max": str(last), "limit": WEEK.days}
        reply = await self._http.get(self._url, params=params)
        raise_for_problem(reply)
        return sum(count.number for count in _pages.validate_json(reply.body).items)

"""Daily counts, as the data service offers them."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import pytest
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy.dialects.postgresql.base import PGDialect

from chassis.database import Change, Database
from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis.schemas import Page
from chassis_workers.counts import DailyCountAddition, DailyCountRead
from chassis_workers.data.daily_counts.repository import DailyCounts
from chassis_workers.data.daily_counts.routes import daily_counts

if TYPE_CHECKING:
    from fastapi import FastAPI

DAY = dt.date(2026, 1, 31)
NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
COUNT = DailyCountRead(
    id=UUID(int=7), name="beds.dug", day=DAY, number=3, created_at=NOON, updated_at=NOON
)
DIALECT = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]


class Counts:
    """Counts that are always the same; notes what is added."""

    def __init__(self) -> None:
        self.added: list[DailyCountAddition] = []
        self.replaced: list[tuple[str, dt.date, int]] = []

    async def count(self, addition: DailyCountAddition) -> DailyCountRead:
        self.added.append(addition)
        return COUNT

    async def replace(self, name: str, day: dt.date, number: int) -> DailyCountRead:
        self.replaced.append((name, day, number))
        return COUNT

    async def list(self, _query: Any) -> Page[DailyCountRead]:
        return Page(items=[COUNT])


class OneRow:
    """A database that answers every statement with one row, and notes what it is told."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.changes: list[Change] = []
        self.recorders = [self.record]

    async def record(self, _connection: Any, change: Change) -> None:
        self.changes.append(change)

    async def execute(self, statement: Any) -> "OneRow":
        self.statements.append(str(statement.compile(dialect=DIALECT)))
        return self

    def one(self) -> tuple[Any, ...]:
        return tuple(COUNT.model_dump().values())

    @asynccontextmanager
    async def begin(self) -> AsyncIterator["OneRow"]:
        yield self


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
async def http(counts: Counts) -> AsyncIterator[AsyncClient]:
    settings = DataSettings(database_url="postgresql://nobody@127.0.0.1:1/none")
    app: FastAPI = build_data_app("Garden data", [], settings)
    app.dependency_overrides[daily_counts] = lambda: counts
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://data") as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", {"name": "beds.dug", "day": 0}),
        ("POST", "", {"name": "beds.dug", "day": "2026-01-31", "number": True}),
        ("PUT", "/beds.dug/0", {"number": 1}),
        ("PUT", "/beds.dug/2026-01-31", {"number": "1"}),
        ("GET", "?day_min=0", None),
    ],
)
async def test_what_only_looks_like_a_day_or_a_number_is_refused(
    http: AsyncClient, method: str, path: str, body: object
) -> None:
    answer = await http.request(method, f"/api/v1/daily-counts{path}", json=body)

    assert answer.status_code == 422


async def test_a_number_is_added(http: AsyncClient, counts: Counts) -> None:
    answer = await http.post("/api/v1/daily-counts", json={"name": "beds.dug", "day": "2026-01-31"})

    assert answer.status_code == 200
    assert DailyCountRead.model_validate_json(answer.content) == COUNT
    assert counts.added == [DailyCountAddition(name="beds.dug", day=DAY, number=1)]


async def test_a_number_is_set(http: AsyncClient, counts: Counts) -> None:
    answer = await http.put("/api/v1/daily-counts/beds.dug/2026-01-31", json={"number": 3})

    assert answer.status_code == 200
    assert DailyCountRead.model_validate_json(answer.content) == COUNT
    assert counts.replaced == [("beds.dug", DAY, 3)]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("Beds!/2026-01-31", {"number": 3}, id="name"),
        pytest.param("beds.dug/yesterday", {"number": 3}, id="day"),
        pytest.param("beds.dug/2026-01-31", {}, id="number"),
    ],
)
async def test_what_cannot_be_set_is_refused(http: AsyncClient, path: str, body: Any) -> None:
    answer = await http.put(f"/api/v1/daily-counts/{path}", json=body)

    assert answer.status_code == 422


async def test_counts_are_listed(http: AsyncClient) -> None:
    answer = await http.get("/api/v1/daily-counts", params={"name": "beds.dug"})

    assert answer.json()["items"][0]["number"] == 3


@pytest.mark.parametrize("field", [{"name": "Beds!"}, {"number": 10**12}, {"day": "yesterday"}])
async def test_what_cannot_be_counted_is_refused(http: AsyncClient, field: dict[str, Any]) -> None:
    body = {"name": "beds.dug", "day": "2026-01-31"} | field

    answer = await http.post("/api/v1/daily-counts", json=body)

    assert answer.status_code == 422


async def test_adding_is_one_statement_that_recorders_are_told_of() -> None:
    database = OneRow()

    counted = await DailyCounts(cast("Database", database)).count(
        DailyCountAddition(name="beds.dug", day=DAY, number=2)
    )

    assert counted == COUNT
    assert (
        "ON CONFLICT (name, day) DO UPDATE SET number = (daily_counts.number + excluded.number)"
        in database.statements[0]
    )
    (change,) = database.changes
    assert (change.kind, change.id, change.stored["number"]) == ("change", COUNT.id, 3)


async def test_setting_is_one_statement_that_recorders_are_told_of() -> None:
    database = OneRow()

    counted = await DailyCounts(cast("Database", database)).replace("beds.dug", DAY, 3)

    assert counted == COUNT
    (statement,) = database.statements
    assert "ON CONFLICT (name, day) DO UPDATE SET number = excluded.number" in statement
    (change,) = database.changes
    assert (change.kind, change.values["number"]) == ("change", 3)

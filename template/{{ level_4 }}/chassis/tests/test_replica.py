"""Lists on a replica, over connections that answer what they are told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar, cast

import pytest
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database, DatabaseSettings
from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis.problems import Unavailable
from chassis.replica import ReplicatedDatabase, Settings

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
FOLLOWS, LATE, LEADS = (True, True), (True, False), (False, None)
type Answer = tuple[bool, bool | None] | Exception


class Place:
    """A database, or its replica, that knows its name."""

    engines: ClassVar[list[Any]] = []

    def __init__(self, name: str, *answers: Answer) -> None:
        self.name = name
        self.answers = list(answers)
        self.invalidated = 0

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["Place"]:
        yield self

    async def scalar(self, _statement: object) -> str:
        return "0/1"

    async def execute(self, _statement: object, values: dict[str, str]) -> "Place":
        assert values == {"written": "0/1"}
        return self

    def one(self) -> tuple[bool, bool | None]:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def invalidate(self) -> None:
        self.invalidated += 1


@pytest.fixture
def outcomes() -> list[str]:
    return []


@pytest.fixture
def following(
    monkeypatch: pytest.MonkeyPatch, outcomes: list[str]
) -> Callable[..., ReplicatedDatabase]:
    """A database whose replica says these things of itself."""

    def make(replica: Place, pause: float = 60, patience: float = 60) -> ReplicatedDatabase:
        bounds = Settings(replica_patience=patience, replica_pause=pause)
        database = ReplicatedDatabase(
            DatabaseSettings(database_url=NOWHERE),
            cast("Database", replica),
            bounds,
            outcomes.append,
        )
        monkeypatch.setattr(database, "connect", Place("first").connect)
        return database

    return make


async def where(connection: AsyncConnection) -> str:
    return cast("Place", connection).name


@pytest.mark.parametrize(
    ("answers", "name", "outcome"),
    [
        ([FOLLOWS], "replica", "replica"),
        ([LATE, LATE, FOLLOWS], "replica", "replica"),
        ([Unavailable("away")], "first", "away"),
        ([TimeoutError()], "first", "away"),
    ],
    ids=["current", "soon current", "away", "silent"],
)
async def test_a_list_is_read_from_a_replica_that_has_everything(
    following: Callable[..., ReplicatedDatabase],
    outcomes: list[str],
    answers: list[Answer],
    name: str,
    outcome: str,
) -> None:
    database = following(Place("replica", *answers))

    assert await database.read(where) == name
    assert outcomes == [outcome]


async def test_a_replica_that_is_behind_is_not_waited_for(
    following: Callable[..., ReplicatedDatabase], outcomes: list[str]
) -> None:
    database = following(Place("replica", *[LATE] * 20), patience=0.01)

    assert await database.read(where) == "first"
    assert outcomes in (["behind"], ["away"])  # the latter on a machine that has no time


@pytest.mark.parametrize(
    ("pause", "outcome"), [(60, "resting"), (0.000_001, "replica")], ids=["within", "after"]
)
async def test_a_replica_that_was_away_is_left_alone_for_a_moment(
    following: Callable[..., ReplicatedDatabase], outcomes: list[str], pause: float, outcome: str
) -> None:
    database = following(Place("replica", Unavailable("away"), FOLLOWS), pause=pause)

    await database.read(where)
    await asyncio.sleep(0.001)
    await database.read(where)

    assert outcomes == ["away", outcome]


async def test_a_replica_that_leads_by_now_is_looked_for_again(
    following: Callable[..., ReplicatedDatabase],
) -> None:
    replica = Place("replica", LEADS)

    assert await following(replica).read(where) == "first"
    assert replica.invalidated == 1


async def test_work_that_breaks_on_the_replica_is_done_again(
    following: Callable[..., ReplicatedDatabase], outcomes: list[str]
) -> None:
    async def work(connection: AsyncConnection) -> str:
        if await where(connection) == "replica":
            raise Unavailable("cancelled for the sake of the log")
        return "done"

    assert await following(Place("replica", FOLLOWS)).read(work) == "done"
    assert outcomes == ["away"]


@pytest.mark.parametrize("url", [None, NOWHERE], ids=["without", "with"])
async def test_there_is_a_replica_where_one_is_named(url: str | None) -> None:
    settings = DataSettings(database_url=NOWHERE, replica_database_url=url)
    app = build_data_app("Beds", [], settings)

    async with AsyncClient(transport=ASGITransport(app), base_url="http://beds") as client:
        told = (await client.get("/metrics")).text

    database: Any = app.state.database
    assert isinstance(database, ReplicatedDatabase) == (url is not None)
    assert ("db_list_reads_total" in told) == (url is not None)

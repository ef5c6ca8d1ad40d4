"""A repository, over a connection that answers what it is told."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Change, Database, Record, Recorder, Repository, VersionedRecord
from chassis.problems import Conflict, Invalid, NotFound, Outdated
from chassis.schemas import ListQuery, Schema

DIALECT = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Shelf(Record, Base):
    __tablename__ = "shelves"
    metadata = sa.MetaData()  # a project may have such a table, too

    count: Mapped[int]
    metadata_: Mapped[str | None] = mapped_column("metadata", sa.String(1000))
    hidden: Mapped[str | None]


class ShelfRead(Schema):
    id: UUID
    count: int
    metadata: str | None
    created_at: datetime


class ShelfQuery(ListQuery):
    count_min: int | None = None


class ShelfRepository(Repository[ShelfRead]):
    """Shelves in PostgreSQL."""

    model = Shelf
    read = ShelfRead


type Answer = Sequence[tuple[Any, ...]] | Exception


class Result:
    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self.rows = list(rows)
        self.rowcount = len(rows)

    def all(self) -> list[tuple[Any, ...]]:
        return self.rows

    def first(self) -> tuple[Any, ...] | None:
        return self.rows[0] if self.rows else None

    def one(self) -> tuple[Any, ...]:
        (row,) = self.rows
        return row


class FakeDatabase:
    """Gives the answers in turn, and notes statements, parameters and transactions."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.statements: list[str] = []
        self.values: list[Mapping[str, Any]] = []
        self.transactions: list[str] = []
        self.recorders: list[Recorder] = []
        self.max_page_bytes = 1000

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["FakeDatabase"]:
        yield self

    read = Database.read

    @asynccontextmanager
    async def begin(self) -> AsyncIterator["FakeDatabase"]:
        try:
            yield self
        except BaseException:
            self.transactions.append("rollback")
            raise
        self.transactions.append("commit")

    async def execute(
        self, statement: sa.ClauseElement, values: Mapping[str, Any] | None = None
    ) -> Result:
        compiled = statement.compile(dialect=DIALECT, column_keys=list(values or {}) or None)
        self.statements.append(" ".join(str(compiled).split()))
        self.values.append(values or {})
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Result(answer)


def shelves(database: FakeDatabase) -> ShelfRepository:
    return ShelfRepository(cast("Database", database))


def row(count: int = 3) -> tuple[Any, ...]:
    return (uuid4(), count, "oak", NOW)


async def test_a_record_is_read_with_what_is_shown() -> None:
    database = FakeDatabase([kept := row()])

    shelf = await shelves(database).get(kept[0])

    assert shelf == ShelfRead(id=kept[0], count=3, metadata="oak", created_at=NOW)
    assert "hidden" not in database.statements[0]
    assert list(database.values[0].values()) == [kept[0]]


async def test_an_unknown_record_is_not_found() -> None:
    database = FakeDatabase([], [], [], [])
    repository = shelves(database)

    for attempt in (
        repository.get(uuid4()),
        repository.change(uuid4(), {"count": 1}),
        repository.change(uuid4(), {}),
        repository.remove(uuid4()),
    ):
        with pytest.raises(NotFound, match="Shelf not found"):
            await attempt

    assert database.transactions == ["rollback", "rollback"]


async def test_a_record_is_added_by_column() -> None:
    database = FakeDatabase([kept := row()])

    shelf = await shelves(database).add({"count": 3, "metadata": "oak"})

    assert shelf.id == kept[0]
    assert database.statements[0].startswith("INSERT INTO shelves (count, metadata) VALUES")
    assert "RETURNING shelves.id, shelves.count" in database.statements[0]
    assert database.transactions == ["commit"]


async def test_a_change_moves_its_time_on() -> None:
    database = FakeDatabase([kept := row(count=4)])

    shelf = await shelves(database).change(kept[0], {"count": 4})

    assert shelf.count == 4
    assert "SET count=:count, updated_at=clock_timestamp()" in database.statements[0]


async def test_a_change_of_nothing_only_reads() -> None:
    database = FakeDatabase([kept := row()])

    assert (await shelves(database).change(kept[0], {})).id == kept[0]
    assert database.statements[0].startswith("SELECT")


class Crate(VersionedRecord, Base):
    __tablename__ = "crates"
    metadata = sa.MetaData()  # a project may have such a table, too

    count: Mapped[int]


class CrateRead(Schema):
    id: UUID
    count: int
    version: int


class CrateRepository(Repository[CrateRead]):
    """Crates in PostgreSQL."""

    model = Crate
    read = CrateRead


def crates(database: FakeDatabase) -> CrateRepository:
    return CrateRepository(cast("Database", database))


async def test_every_change_moves_the_version_on() -> None:
    kept = (uuid4(), 4, 2)
    database = FakeDatabase([kept])

    assert (await crates(database).change(kept[0], {"count": 4})).version == 2
    assert "version=version + 1" in database.statements[0]
    assert "AND crates.version" not in database.statements[0]


async def test_a_write_counts_on_its_version() -> None:
    kept = (uuid4(), 4, 2)
    database = FakeDatabase([kept], [()])
    repository = crates(database)

    await repository.change(kept[0], {"count": 4}, 1)
    await repository.remove(kept[0], 2)

    assert all("AND crates.version =" in statement for statement in database.statements)
    assert [values["#version"] for values in database.values] == [1, 2]
    assert database.transactions == ["commit", "commit"]


async def test_what_was_changed_meanwhile_is_outdated_and_what_is_gone_is_not_found() -> None:
    kept = (uuid4(), 4, 2)
    for found, error in (([kept], Outdated), ([], NotFound)):
        database = FakeDatabase([], found, [], found, found)
        repository = crates(database)

        for write in (
            repository.change(kept[0], {"count": 4}, 1),
            repository.remove(kept[0], 1),
            repository.change(kept[0], {}, 1),
        ):
            with pytest.raises(error):
                await write

        assert database.transactions == ["rollback", "rollback"]


async def test_a_record_is_removed() -> None:
    database = FakeDatabase([()])

    await shelves(database).remove(uuid4())

    assert database.statements[0].startswith("DELETE FROM shelves WHERE shelves.id =")
    assert database.transactions == ["commit"]


async def test_a_page_leads_to_the_next() -> None:
    rows = [row(count) for count in (1, 2, 3)]
    database = FakeDatabase(rows, rows[2:])
    repository = shelves(database)

    first = await repository.list(ShelfQuery(limit=2, sort="count"))
    second = await repository.list(ShelfQuery(limit=2, sort="count", cursor=first.next_cursor))

    assert [shelf.count for shelf in first.items] == [1, 2]
    assert database.values[0]["#limit"] == 3
    assert database.values[1]["#after_id"] == rows[1][0]
    assert database.values[1]["#after_value"] == 2
    assert (len(second.items), second.next_cursor) == (1, None)


async def test_a_record_that_cannot_be_read_does_not_take_its_neighbours_along(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows = [row(1), (uuid4(), "many", "private", NOW), row(3)]

    page = await shelves(FakeDatabase(rows)).list(ShelfQuery())

    assert [shelf.count for shelf in page.items] == [1, 3]
    assert f"Shelf {rows[1][0]} cannot be read" in caplog.text
    assert "count (int_parsing)" in caplog.text
    assert "private" not in caplog.text


async def test_a_page_on_which_nothing_can_be_read_leads_on() -> None:
    unreadable = [(uuid4(), "many", None, NOW), (uuid4(), None, None, NOW)]

    page = await shelves(FakeDatabase([*unreadable, row(3)])).list(ShelfQuery(limit=2))

    assert page.items == []
    assert page.next_cursor


async def test_a_value_that_is_too_long_for_a_cursor_is_looked_up() -> None:
    first = (uuid4(), 1, "я" * 300, NOW)
    database = FakeDatabase([first, row()], [("я" * 300,)], [], [])
    repository = shelves(database)

    page = await repository.list(ShelfQuery(limit=1, sort="metadata"))
    again = ShelfQuery(limit=1, sort="metadata", cursor=page.next_cursor)
    await repository.list(again)

    assert database.values[2]["#after_value"] == "я" * 300
    with pytest.raises(Invalid, match="is gone") as raised:
        await repository.list(again)
    assert raised.value.errors[0].field == "cursor"


class Refusal(Exception):  # noqa: N818  # stands for an error of the driver
    def __init__(self, sqlstate: str, detail: str | None = None) -> None:
        self.sqlstate = sqlstate
        self.driver_exception = self
        self.detail = detail


async def test_what_the_database_refuses_is_told_by_field() -> None:
    taken = Refusal("23505", "Key (metadata)=(oak) already exists.")
    database = FakeDatabase(*(IntegrityError("INSERT", {}, taken) for _ in range(2)))
    repository = shelves(database)

    for attempt in (repository.add({"count": 1}), repository.change(uuid4(), {"count": 1})):
        with pytest.raises(Conflict) as raised:
            await attempt
        assert raised.value.errors[0].field == "metadata"

    assert database.transactions == ["rollback", "rollback"]


async def test_what_others_refer_to_is_not_removed() -> None:
    database = FakeDatabase(IntegrityError("DELETE", {}, Refusal("23503")))

    with pytest.raises(Conflict):
        await shelves(database).remove(uuid4())


async def test_a_filter_out_of_range_is_named() -> None:
    database = FakeDatabase(IntegrityError("SELECT", {}, Refusal("22000")))

    with pytest.raises(Invalid) as raised:
        await shelves(database).list(ShelfQuery(count_min=2**40))

    assert [error.field for error in raised.value.errors] == ["count_min"]


async def test_every_write_is_told_to_the_recorders_before_it_is_stored() -> None:
    kept = row()
    stored = dict(zip(("id", "count", "metadata", "created_at"), kept, strict=True))
    database = FakeDatabase([kept], [kept], [()], [kept])
    told: list[Change] = []

    async def record(_connection: AsyncConnection, change: Change) -> None:
        if told:
            assert len(database.transactions) == len(told)
        told.append(change)

    database.recorders.append(record)
    repository = shelves(database)
    await repository.add({"count": 3})
    await repository.change(kept[0], {"count": 4})
    await repository.remove(kept[0])
    await repository.get(kept[0])

    assert told == [
        Change("add", "shelves", kept[0], {"count": 3}, stored),
        Change("change", "shelves", kept[0], {"count": 4}, stored),
        Change("remove", "shelves", kept[0], {}, {}),
    ]

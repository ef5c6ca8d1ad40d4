"""Activities in the database, until they are told."""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast
from uuid import UUID, uuid4

from pydantic_core import from_json, to_json, to_jsonable_python
from sqlalchemy import Table, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Change, Database
from chassis.database.models import Base, VersionedRecord
from chassis_mongodb.telling.model import UntoldActivity

BATCH = 50
LOCK = 4_811_306_726
"""Any number that nothing else locks: only one process at a time tells."""
HAPPENED = {"add": "created", "change": "updated", "remove": "deleted"}

_table = cast("Table", UntoldActivity.__table__)
_waits = _table.c.refused_at.is_(None)
_whole = select(_table.c.place, _table.c.id, _table.c.body)
_oldest = _whole.where(_waits).order_by(_table.c.place).limit(BATCH)
_alone = select(func.pg_try_advisory_xact_lock(LOCK))
_backlog = select(
    func.count().filter(_waits),
    func.count().filter(~_waits),
    func.extract("epoch", func.now() - func.min(_table.c.stored_at).filter(_waits)),
).select_from(_table)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An activity that is to be told; ``place`` is its own among them."""

    place: int
    id: UUID
    body: str

    def __str__(self) -> str:
        """Name it, without what it holds."""
        fields, size = self.fields(), len(self.body.encode())
        named = f"{fields.get('type')} {self.id} of {fields.get('subject')}" if fields else self.id
        return f"{named} ({size} bytes)"

    def fields(self) -> dict[str, Any]:
        """Give what it holds; nothing, if that is no activity at all."""
        try:
            found = from_json(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An activity that the document service does not take, and why."""

    activity: Waiting
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """What became of activities: those that are told, and those that are put aside; all others wait."""

    done: Sequence[Waiting]
    refused: Sequence[Refusal] = ()
    hindrance: Exception | None = None
    """Why others wait."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many activities wait, how many are put aside, and for how long the oldest one waits."""

    waiting: int
    refused: int
    oldest_s: float


type Tell = Callable[[Sequence[Waiting]], Awaitable[Told]]
"""Tells activities, and says what became of them."""


class Untold:
    """What happened to records, and has not been told."""

    def __init__(self, database: Database) -> None:
        self.observers: list[Callable[[], None]] = []
        """Called with every activity that is stored."""
        self._database = database

    async def record(self, connection: AsyncConnection, change: Change) -> None:
        """Store what a write does to a record, in its transaction; other tables are passed over."""
        if change.table not in self._records:
            return
        activity = {
            "type": f"{change.table}.{HAPPENED[change.kind]}",
            "subject": change.id,
            "at": dt.datetime.now(dt.UTC),
            "data": to_jsonable_python(dict(change.stored)) or None,
        }
        values = {"id": uuid4(), "body": to_json(activity).decode()}
        await connection.execute(insert(_table), values)
        for observer in self.observers:
            observer()

    async def tell(self, tell: Tell) -> int:
        """Have the oldest told, in order, and forget them; give how many there were.

        There are none while another process is at it. Those that are refused are put aside. Raises
        what kept the others from being told, once it is stored what became of the first ones.
        """
        async with self._database.begin() as connection:
            if not (await connection.execute(_alone)).scalar_one():
                return 0
            rows = (await connection.execute(_oldest)).mappings()
            waiting = [Waiting(**row) for row in rows]
            told = await tell(waiting)
            await _forget(connection, told.done)
            await _put_aside(connection, told.refused)
        if told.hindrance:
            raise told.hindrance
        return len(waiting)

    async def backlog(self) -> Backlog:
        """Tell how much there is to tell, and what is put aside; raises Unavailable."""
        async with self._database.connect() as connection:
            waiting, refused, oldest = (await connection.execute(_backlog)).one()
        return Backlog(waiting, refused, max(float(oldest or 0), 0))

    async def refused(self) -> Sequence[Refusal]:
        """Give the activities that are put aside, the oldest first; raises Unavailable."""
        aside = _whole.add_columns(_table.c.refusal).where(~_waits).order_by(_table.c.place)
        async with self._database.connect() as connection:
            rows = [dict(row) for row in (await connection.execute(aside)).mappings()]
        return [Refusal(reason=row.pop("refusal"), activity=Waiting(**row)) for row in rows]

    async def try_again(self) -> int:
        """Have the activities that are put aside wait again, and tell how many; raises Unavailable."""
        again = update(_table).where(~_waits).values(refused_at=None, refusal=None)
        async with self._database.begin() as connection:
            return (await connection.execute(again)).rowcount

    @cached_property
    def _records(self) -> set[str]:
        """The tables of records, as clients know them."""
        return {
            cast("Table", mapper.local_table).name
            for mapper in Base.registry.mappers
            if issubclass(mapper.class_, VersionedRecord)
        }


async def _forget(connection: AsyncConnection, done: Sequence[Waiting]) -> None:
    if done:
        places = [activity.place for activity in done]
        await connection.execute(delete(_table).where(_table.c.place.in_(places)))


async def _put_aside(connection: AsyncConnection, refused: Sequence[Refusal]) -> None:
    for one in refused:
        aside = update(_table).where(_table.c.place == one.activity.place)
        await connection.execute(aside.values(refused_at=func.now(), refusal=one.reason))

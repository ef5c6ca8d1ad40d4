"""Activities in the database, until they are told."""

import datetime as dt
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import cast
from uuid import UUID, uuid4

from pydantic_core import to_json, to_jsonable_python
from sqlalchemy import Table, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Change, Database
from chassis.database.models import Base, VersionedRecord
from chassis_mongodb.telling.model import UntoldActivity

BATCH = 50
LOCK = 4_811_306_726
"""Any number that nothing else locks: only one process at a time tells."""
HAPPENED = {"add": "created", "change": "updated", "remove": "deleted"}

_table = cast("Table", UntoldActivity.__table__)
_oldest = select(_table.c.place, _table.c.id, _table.c.body).order_by(_table.c.place).limit(BATCH)
_alone = select(func.pg_try_advisory_xact_lock(LOCK))

type Tell = Callable[[UUID, bytes], Awaitable[None]]
"""Tells an activity; raises what stands in the way."""


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

        There are none while another process is at it. Those that were told before one could not be
        are forgotten, too.
        """
        async with self._database.begin() as connection:
            if not (await connection.execute(_alone)).scalar_one():
                return 0
            rows = (await connection.execute(_oldest)).all()
            told: list[int] = []
            hindrance: Exception | None = None
            for place, activity_id, body in rows:
                try:
                    await tell(activity_id, body.encode())
                except Exception as error:  # noqa: BLE001  # raised below
                    hindrance = error
                    break
                told.append(place)
            if told:
                await connection.execute(delete(_table).where(_table.c.place.in_(told)))
        if hindrance:
            raise hindrance
        return len(rows)

    @cached_property
    def _records(self) -> set[str]:
        """The tables of records, as clients know them."""
        return {
            cast("Table", mapper.local_table).name
            for mapper in Base.registry.mappers
            if issubclass(mapper.class_, VersionedRecord)
        }

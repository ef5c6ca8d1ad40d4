import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, func
from sqlalchemy.dialects.postgresql import Insert, insert

from chassis.database.engine import Change
from chassis.database.errors import refusals
from chassis.database.repository import Repository
from chassis_workers.counts import DailyCountAddition, DailyCountRead
from chassis_workers.data.daily_counts.model import DailyCount


class DailyCounts(Repository[DailyCountRead]):
    """Daily counts in PostgreSQL."""

    model = DailyCount
    read = DailyCountRead

    async def count(self, addition: DailyCountAddition) -> DailyCountRead:
        """Add to the count of a day, and give it as it is then."""
        values = addition.model_dump()
        new = insert(self._records.table).values(values)
        return await self._store(values, new, self._records.table.c.number + new.excluded.number)

    async def replace(self, name: str, day: dt.date, number: int) -> DailyCountRead:
        """Set the count of a day, whatever it was, and give it as it is then."""
        values = {"name": name, "day": day, "number": number}
        new = insert(self._records.table).values(values)
        return await self._store(values, new, new.excluded.number)

    async def _store(
        self, values: Mapping[str, Any], new: Insert, number: ColumnElement[int]
    ) -> DailyCountRead:
        """Insert the count of a day, or give it another number where there is one."""
        table: Table = self._records.table
        statement = new.on_conflict_do_update(
            index_elements=["name", "day"],
            set_={"number": number, "updated_at": func.clock_timestamp()},
        ).returning(*table.c)
        with refusals(table, values, self._records.columns):
            async with self.database.begin() as connection:
                row = (await connection.execute(statement)).one()
                stored = dict(zip(table.columns.keys(), row, strict=True))
                change = Change("change", table.name, stored["id"], values, stored)
                await self.recorded(connection, change)
        return self.read.model_validate(stored)

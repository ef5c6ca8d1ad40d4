from sqlalchemy import Table, func
from sqlalchemy.dialects.postgresql import insert

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
        table: Table = self._records.table
        values = addition.model_dump()
        new = insert(table).values(values)
        statement = new.on_conflict_do_update(
            index_elements=["name", "day"],
            set_={
                "number": table.c.number + new.excluded.number,
                "updated_at": func.clock_timestamp(),
            },
        ).returning(*table.c)
        with refusals(table, values, self._records.columns):
            async with self.database.begin() as connection:
                row = (await connection.execute(statement)).one()
                stored = dict(zip(table.columns.keys(), row, strict=True))
                change = Change("change", table.name, stored["id"], values, stored)
                await self.recorded(connection, change)
        return self.read.model_validate(stored)

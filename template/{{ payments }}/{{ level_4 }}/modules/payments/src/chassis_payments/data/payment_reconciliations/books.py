import datetime as dt
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, Table, and_, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from chassis.database.engine import Database
from chassis.database.repository import Repository
from chassis.problems import NotFound
from chassis_payments.data.payment_reconciliations.model import PaymentReconciliation
from chassis_payments.data.provider_payments.model import ProviderTransaction
from chassis_payments.payments import ProviderName, ProviderTransactionRead
from chassis_payments.reconciliations import AT_ONCE, ReconciliationEnd, ReconciliationRead

LOST_AFTER = dt.timedelta(hours=1)
"""Whoever compares a day and has not ended it by then is thought to be gone."""


class Reconciliations(Repository[ReconciliationRead]):
    """What comparing days came to, and the movements that are compared, in PostgreSQL."""

    model = PaymentReconciliation
    read = ReconciliationRead

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._table = cast("Table", PaymentReconciliation.__table__)
        self._moved = cast("Table", ProviderTransaction.__table__)

    async def begin(self, provider: ProviderName, day: dt.date, *, again: bool) -> bool:
        """Take a day, if nobody has compared it or does so now; `again` if it was compared, too."""
        table = self._table
        lost = and_(table.c.state == "running", table.c.updated_at < func.now() - LOST_AFTER)
        free = or_(lost, table.c.state == "done") if again else lost
        begun = {"state": "running", "updated_at": func.now()}
        statement = (
            insert(table)
            .values(provider=provider, day=day)
            .on_conflict_do_update(
                constraint="uq_payment_reconciliations_day", set_=begun, where=free
            )
            .returning(table.c.id)
        )
        async with self.database.begin() as connection:
            return (await connection.execute(statement)).first() is not None

    async def end(self, provider: ProviderName, day: dt.date, end: ReconciliationEnd) -> None:
        """Keep what came out; raises NotFound if it was not begun."""
        table = self._table
        values = {**end.model_dump(mode="json"), "state": "done", "updated_at": func.now()}
        statement = update(table).where(table.c.provider == provider, table.c.day == day)
        async with self.database.begin() as connection:
            if not (await connection.execute(statement.values(**values))).rowcount:
                raise NotFound("This day was not begun.")

    async def known(
        self, provider: ProviderName, references: list[str]
    ) -> list[ProviderTransactionRead]:
        """Give the movements that a provider calls so."""
        return await self._read(self._of(provider).where(self._moved.c.reference.in_(references)))

    async def moved(
        self, provider: ProviderName, since: dt.datetime, until: dt.datetime, after: UUID | None
    ) -> list[ProviderTransactionRead]:
        """Give what was written down within a time, as many as fit into one answer."""
        moved = self._moved
        within = (moved.c.created_at >= since, moved.c.created_at < until)
        statement = self._of(provider).where(*within)
        if after is not None:
            last = select(moved.c.created_at).where(moved.c.id == after).scalar_subquery()
            statement = statement.where(
                tuple_(moved.c.created_at, moved.c.id) > tuple_(last, after)
            )
        return await self._read(statement.limit(AT_ONCE))

    def _of(self, provider: ProviderName) -> Select[Any]:
        moved = self._moved
        statement = select(moved).where(moved.c.provider == provider)
        return statement.order_by(moved.c.created_at, moved.c.id)

    async def _read(self, statement: Select[Any]) -> list[ProviderTransactionRead]:
        fields = set(ProviderTransactionRead.model_fields)
        async with self.database.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return [
            ProviderTransactionRead.model_validate({name: row[name] for name in fields})
            for row in rows
        ]

import datetime as dt
import math
from typing import cast
from uuid import UUID

from sqlalchemy import Table, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Database
from chassis_payments.data.payment_turns.model import PaymentTurn
from chassis_payments.turns import NewTurn, TurnRead

WINDOW = dt.timedelta(minutes=1)
RECENT = dt.timedelta(hours=1)
KEPT = dt.timedelta(hours=24)
"""A key that comes again within that time takes no second turn."""


class Turns:
    """How often callers have asked, in PostgreSQL: all instances count together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns = cast("Table", PaymentTurn.__table__)

    async def take(self, turn_id: UUID, new: NewTurn) -> TurnRead:
        """Take a turn, if the caller has one left; the same id again takes none."""
        turns = self._turns
        values = new.model_dump(exclude={"most"})
        async with self._database.begin() as connection:
            # One after the other: of many at once no more pass than may.
            await connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(new.caller))))
            await connection.execute(delete(turns).where(turns.c.created_at < func.now() - KEPT))
            known = select(turns.c.id).where(turns.c.id == turn_id)
            again = (await connection.execute(known)).first() is not None
            wait_s = 0 if again else await self._wait(connection, new)
            if not again and not wait_s:
                moment = func.clock_timestamp()
                await connection.execute(
                    insert(turns).values(id=turn_id, created_at=moment, **values)
                )
            number, amount = await self._recent(connection, turn_id, new)
        return TurnRead(
            taken=not wait_s,
            wait_s=wait_s,
            again=again,
            recent_number=number,
            recent_amount=amount,
        )

    async def _wait(self, connection: AsyncConnection, new: NewTurn) -> int:
        """Say for how many seconds there is no turn left."""
        turns, now = self._turns, func.clock_timestamp()
        mine = (turns.c.caller == new.caller, turns.c.act == new.act)
        # Once the turn that is so far back leaves the window, there is one again.
        age = func.extract("epoch", now - turns.c.created_at)
        statement = (
            select(age)
            .where(*mine, turns.c.created_at > now - WINDOW)
            .order_by(turns.c.created_at.desc())
            .offset(new.most - 1)
            .limit(1)
        )
        row = (await connection.execute(statement)).first()
        return 0 if row is None else max(1, math.ceil(WINDOW.total_seconds() - float(row[0])))

    async def _recent(
        self, connection: AsyncConnection, turn_id: UUID, new: NewTurn
    ) -> tuple[int, int]:
        turns = self._turns
        names = ("caller", "act", "currency")
        same = (turns.c[name] == getattr(new, name) for name in names)
        since = turns.c.created_at > func.now() - RECENT
        amount = func.coalesce(func.sum(turns.c.amount), 0)
        statement = select(func.count(), amount).where(*same, since, turns.c.id != turn_id)
        number, total = (await connection.execute(statement)).one()
        return number, int(total)

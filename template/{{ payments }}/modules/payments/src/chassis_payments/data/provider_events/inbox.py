import datetime as dt
import re
from typing import TYPE_CHECKING, Literal, cast
from uuid import UUID

from sqlalchemy import RowMapping, Table, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Database
from chassis.problems import NotFound
from chassis_payments.data.provider_events.model import ProviderEvent
from chassis_payments.data.provider_payments.model import ProviderPayment
from chassis_payments.payments import DueEvent, EventOutcome, NewEvent, ProviderName

if TYPE_CHECKING:
    from collections.abc import Callable

AT_ONCE = 20
FIRST_PAUSE = dt.timedelta(seconds=5)
LONGEST = 10
"""After so many failures the pause grows no longer: it is more than an hour."""
MOST_ATTEMPTS = 30
"""More than a day; an event that fails so often is left for people."""

type EventState = Literal["new", "done", "failed"]
"""`new` waits, perhaps to be tried again; `failed` is left for people."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Inbox:
    """Events of providers, in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._events = cast("Table", ProviderEvent.__table__)
        self._payments = cast("Table", ProviderPayment.__table__)
        self.listeners: list[Callable[[ProviderName, EventState], None]] = []
        """Are told of what became of an event, each time that it was acted on."""

    async def keep(self, provider: ProviderName, event_id: str, new: NewEvent) -> None:
        """Keep an event; twice is once."""
        values = {"provider": provider, "event_id": event_id, **new.model_dump()}
        statement = insert(self._events).values(**values).on_conflict_do_nothing()
        async with self._database.begin() as connection:
            await connection.execute(statement)

    async def due(self) -> list[DueEvent]:
        """Give the events that are to be acted on, with the payments that they may be about."""
        events = self._events
        statement = (
            select(events)
            .where(events.c.state == "new", events.c.due_at <= func.now())
            .order_by(events.c.due_at)
            .limit(AT_ONCE)
        )
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
            return [
                DueEvent(
                    payments=await self._payments_of(connection, row),
                    **{name: row[name] for name in DueEvent.model_fields if name != "payments"},
                )
                for row in rows
            ]

    async def _payments_of(self, connection: AsyncConnection, event: RowMapping) -> list[UUID]:
        payments, subjects = self._payments, event["subjects"]
        named = or_(
            payments.c.reference.in_(subjects),
            payments.c.charge.in_(subjects),
            payments.c.id.in_([UUID(one) for one in subjects if _UUID.fullmatch(one)]),
        )
        statement = select(payments.c.id).where(payments.c.provider == event["provider"], named)
        return list((await connection.execute(statement)).scalars())

    async def end(self, record_id: UUID, outcome: EventOutcome) -> None:
        """Keep what became of an event: it is done, or tried again later and later."""
        events = self._events
        failures = func.least(events.c.attempts, LONGEST)
        failed = {
            "due_at": func.now() + FIRST_PAUSE * func.power(2, failures),
            "state": case((events.c.attempts >= MOST_ATTEMPTS, "failed"), else_="new"),
        }
        values = {
            "attempts": events.c.attempts + 1,
            "error": outcome.error,
            **(failed if outcome.error else {"state": "done"}),
        }
        async with self._database.begin() as connection:
            this = update(events).where(events.c.id == record_id).values(**values)
            found = await connection.execute(this.returning(events.c.provider, events.c.state))
            row = found.first()
        if row is None:
            raise NotFound("Event not found.")
        for listener in self.listeners:
            listener(row.provider, row.state)

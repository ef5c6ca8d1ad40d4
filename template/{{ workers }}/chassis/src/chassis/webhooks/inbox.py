"""The inbox of webhooks, in the data service: what providers said, each of it once, until it is acted on."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy import Integer, RowMapping, String, Table, case, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database.engine import Database
from chassis.database.models import Base, Record
from chassis.problems import NotFound
from chassis.unreadable import readable
from chassis.webhooks.events import LONGEST_ERROR, DueEvent, EventOutcome
from chassis.webhooks.forged import OLDEST

AT_ONCE = 50
FIRST_PAUSE = dt.timedelta(seconds=5)
LONGEST = 10
"""After so many failures the pause grows no longer: it is more than an hour."""
MOST_ATTEMPTS = 30
"""More than a day; an event that fails so often is left for people."""
KEPT = 3 * OLDEST
"""After that nothing is known of an event that is done: it could not come again for long."""

type EventState = Literal["new", "done", "failed"]
"""`new` waits, perhaps to be tried again; `failed` is left for people."""


class InboxRecord(Record):
    """An event of a provider; a table adds what it says, and that provider and event are unique."""

    provider: Mapped[str] = mapped_column(String(20))
    event_id: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(10), server_default="new")
    attempts: Mapped[int] = mapped_column(Integer(), server_default=text("0"))
    due_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    error: Mapped[str | None] = mapped_column(String(LONGEST_ERROR))


class Inbox[E: DueEvent]:
    """The events of one table, given as ``read``."""

    def __init__(self, database: Database, model: type[Base], read: type[E]) -> None:
        self.database = database
        self.table = cast("Table", model.__table__)
        self.read = read
        self.listeners: list[Callable[[str, EventState], None]] = []
        """Are told of the provider and of what became of an event, each time that it was acted on."""

    async def keep(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Keep events by column; those that are known stay as they are, and old ones are forgotten."""
        if not events:
            return
        statement = insert(self.table).on_conflict_do_nothing()
        columns = self.table.c
        old = (
            select(columns.id)
            .where(columns.state == "done", columns.created_at < func.now() - KEPT)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        async with self.database.begin() as connection:
            await connection.execute(statement, [*events])
            await connection.execute(delete(self.table).where(columns.id.in_(old)))

    async def due(self, provider: str | None = None) -> Sequence[E]:
        """Give events that are to be acted on, the oldest first, of one provider or of all.

        Those that cannot be read hold up no other, however many there are.
        """
        found: Sequence[E] = []
        async with self.database.connect() as connection:
            rows, seen = await self.rows(connection, provider), 0
            while rows and not found:
                found = readable(
                    await self.facts(connection, rows), self.read.model_validate, self.table.name
                )
                seen += len(rows)
                rows = await self.rows(connection, provider, seen) if not found else []
        return found

    async def facts(
        self, _connection: AsyncConnection, rows: Sequence[RowMapping]
    ) -> Sequence[dict[str, Any]]:
        """Give what is read of rows: a table may know more of them than it holds."""
        return [{name: row[name] for name in self.read.model_fields} for row in rows]

    async def rows(
        self, connection: AsyncConnection, provider: str | None = None, seen: int = 0
    ) -> Sequence[RowMapping]:
        """Give the rows of these events, after so many."""
        events = self.table.c
        of = [] if provider is None else [events.provider == provider]
        statement = (
            select(self.table)
            .where(events.state == "new", events.due_at <= func.now(), *of)
            .order_by(events.due_at)
            .offset(seen)
            .limit(AT_ONCE)
        )
        return (await connection.execute(statement)).mappings().all()

    async def end(self, record_id: UUID, outcome: EventOutcome) -> None:
        """Keep what became of an event: it is done, or tried again later and later. Raises NotFound."""
        events = self.table.c
        failures = func.least(events.attempts, LONGEST)
        failed = {
            "due_at": func.now() + FIRST_PAUSE * func.power(2, failures),
            "state": case((events.attempts >= MOST_ATTEMPTS, "failed"), else_="new"),
        }
        values = {
            "attempts": events.attempts + 1,
            "error": outcome.error,
            **(failed if outcome.error else {"state": "done"}),
        }
        this = update(self.table).where(events.id == record_id).values(**values)
        async with self.database.begin() as connection:
            found = await connection.execute(this.returning(events.provider, events.state))
            row = found.first()
        if row is None:
            raise NotFound("Event not found.")
        for listener in self.listeners:
            listener(row.provider, row.state)

"""The outbox in the database."""

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from sqlalchemy import Table, delete, exists, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Database
from chassis.events import Event
from chassis_rabbitmq.outbox.models import OutboxEntry

BATCH = 100
LOCK = 4_811_306_725
"""Any number that nothing else locks: only one process at a time passes events on."""

_table = cast("Table", OutboxEntry.__table__)
_any = select(exists(select(_table.c.id)))
_alone = select(func.pg_try_advisory_xact_lock(LOCK))
_columns = [_table.c[name] for name in ("id", "event_id", "routing_key", "subject", "occurred_at")]
_oldest = select(*_columns, _table.c.headers, _table.c.body).order_by(_table.c.id).limit(BATCH)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event in the outbox; ``id`` is its place there."""

    id: int
    event_id: UUID
    routing_key: str
    subject: UUID
    occurred_at: dt.datetime
    headers: Mapping[str, str]
    body: str


type PassOn = Callable[[Sequence[Waiting]], Awaitable[Sequence[Waiting]]]
"""Passes events on, and gives those that need not wait any longer."""


class Outbox:
    """Events that are stored with the writes they follow, until they are passed on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(
        self, connection: AsyncConnection, event: Event, headers: Mapping[str, str]
    ) -> None:
        """Store an event in the transaction of the write that it follows."""
        values = {
            "event_id": event.id,
            "routing_key": event.routing_key(),
            "subject": event.subject,
            "occurred_at": event.occurred_at,
            "headers": dict(headers),
            "body": event.model_dump_json(),
        }
        await connection.execute(insert(_table), values)

    async def is_empty(self) -> bool:
        """Tell whether nothing waits; raises Unavailable."""
        async with self._database.connect() as connection:
            return not (await connection.execute(_any)).scalar_one()

    async def take(self, pass_on: PassOn) -> int:
        """Have the oldest events passed on and forget them; give how many there were to take.

        There are none to take while another process is at it. Events that were passed on are
        there again if this process ends before they are forgotten. Raises Unavailable.
        """
        async with self._database.begin() as connection:
            if not (await connection.execute(_alone)).scalar_one():
                return 0
            rows = (await connection.execute(_oldest)).mappings()
            waiting = [Waiting(**row) for row in rows]
            done = await pass_on(waiting) if waiting else []
            if done:
                ids = [event.id for event in done]
                await connection.execute(delete(_table).where(_table.c.id.in_(ids)))
        return len(waiting)

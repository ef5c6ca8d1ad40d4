"""The outbox in the database."""

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from sqlalchemy import Table, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Database
from chassis.events import Event
from chassis_rabbitmq.outbox.models import OutboxEntry
from chassis_rabbitmq.outbox.size import body_of

BATCH = 100
LOCK = 4_811_306_725
"""Any number that nothing else locks: only one process at a time passes events on."""

_table = cast("Table", OutboxEntry.__table__)
_waits = _table.c.refused_at.is_(None)
_any = select(exists(select(_table.c.id).where(_waits)))
_alone = select(func.pg_try_advisory_xact_lock(LOCK))
_columns = [_table.c[name] for name in ("id", "event_id", "routing_key", "subject", "occurred_at")]
_whole = select(*_columns, _table.c.headers, _table.c.body)
_oldest = _whole.where(_waits).order_by(_table.c.id).limit(BATCH)
_backlog = select(
    func.count().filter(_waits),
    func.count().filter(~_waits),
    func.extract("epoch", func.now() - func.min(_table.c.occurred_at).filter(_waits)),
).select_from(_table)


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

    def __str__(self) -> str:
        """Name it, without what it holds."""
        size = len(self.body.encode())
        return f"{self.routing_key} {self.event_id} of {self.subject} ({size} bytes)"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that RabbitMQ does not take, and why."""

    event: Waiting
    reason: str


@dataclass(frozen=True, slots=True)
class Passed:
    """What became of events: those that are done, and those that are put aside; all others wait."""

    done: Sequence[Waiting]
    refused: Sequence[Refusal] = ()


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many events wait, how many are put aside, and for how long the oldest one waits."""

    waiting: int
    refused: int
    oldest_s: float


type PassOn = Callable[[Sequence[Waiting]], Awaitable[Passed]]
"""Passes events on, and tells what became of them."""


class Outbox:
    """Events that are stored with the writes they follow, until they are passed on."""

    def __init__(self, database: Database, max_bytes: int) -> None:
        self._database = database
        self._max_bytes = max_bytes

    async def put(
        self, connection: AsyncConnection, event: Event, headers: Mapping[str, str]
    ) -> None:
        """Store an event in the transaction of the write that it follows.

        Raises Invalid when it is too large, so that there is no such write.
        """
        values = {
            "event_id": event.id,
            "routing_key": event.routing_key(),
            "subject": event.subject,
            "occurred_at": event.occurred_at,
            "headers": dict(headers),
            "body": body_of(event, self._max_bytes),
        }
        await connection.execute(insert(_table), values)

    async def is_empty(self) -> bool:
        """Tell whether nothing waits; raises Unavailable."""
        async with self._database.connect() as connection:
            return not (await connection.execute(_any)).scalar_one()

    async def backlog(self) -> Backlog:
        """Tell how much there is to pass on, and what is put aside; raises Unavailable."""
        async with self._database.connect() as connection:
            waiting, refused, oldest = (await connection.execute(_backlog)).one()
        return Backlog(waiting, refused, max(float(oldest or 0), 0))

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
            if waiting:
                passed = await pass_on(waiting)
                await _forget(connection, passed.done)
                await _put_aside(connection, passed.refused)
        return len(waiting)

    async def refused(self) -> Sequence[Refusal]:
        """Give the events that are put aside, the oldest first; raises Unavailable."""
        aside = _whole.add_columns(_table.c.refusal).where(~_waits).order_by(_table.c.id)
        async with self._database.connect() as connection:
            rows = [dict(row) for row in (await connection.execute(aside)).mappings()]
        return [Refusal(reason=row.pop("refusal"), event=Waiting(**row)) for row in rows]

    async def try_again(self) -> int:
        """Have the events that are put aside wait again, and tell how many; raises Unavailable."""
        again = update(_table).where(~_waits).values(refused_at=None, refusal=None)
        async with self._database.begin() as connection:
            return (await connection.execute(again)).rowcount


async def _forget(connection: AsyncConnection, done: Sequence[Waiting]) -> None:
    if done:
        ids = [event.id for event in done]
        await connection.execute(delete(_table).where(_table.c.id.in_(ids)))


async def _put_aside(connection: AsyncConnection, refused: Sequence[Refusal]) -> None:
    for one in refused:
        aside = update(_table).where(_table.c.id == one.event.id)
        await connection.execute(aside.values(refused_at=func.now(), refusal=one.reason))

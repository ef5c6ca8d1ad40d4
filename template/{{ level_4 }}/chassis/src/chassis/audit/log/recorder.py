"""Enters writes into the log."""

from collections.abc import Iterable
from functools import cached_property
from typing import cast

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import identity, request_id
from chassis.audit.entries import LONGEST, AuditNew
from chassis.audit.log.model import AuditEntry
from chassis.database import Base, Change, Database, VersionedRecord

ACTIONS = {"add": "create", "change": "update", "remove": "delete"}
NOBODY = "-"
"""Who asked, where nobody has to say who it is."""

_enter = insert(cast("Table", AuditEntry.__table__))


async def enter(database: Database, events: Iterable[AuditNew]) -> None:
    """Enter events that no write tells of."""
    entries = [{**event.model_dump(), "subject_id": None, "changed": []} for event in events]
    async with database.begin() as connection:
        await connection.execute(_enter, entries)


class AuditRecorder:
    """Enters a write to a record in the transaction of that write."""

    async def __call__(self, connection: AsyncConnection, change: Change) -> None:
        """Enter what happened; tables that hold no records of the product are passed over."""
        if change.table not in self._records:
            return
        who = identity.current()
        entry = {
            "actor": who.identity[:LONGEST] if who else NOBODY,
            "service": who.service[:LONGEST] if who and who.service else None,
            "action": ACTIONS[change.kind],
            "subject": change.table,
            "subject_id": change.id,
            "changed": sorted(change.values),
            "request_id": request_id.current(),
        }
        await connection.execute(_enter, entry)

    @cached_property
    def _records(self) -> frozenset[str]:
        """The tables of what clients know as records."""
        return frozenset(
            cast("Table", mapper.local_table).name
            for mapper in Base.registry.mappers
            if issubclass(mapper.class_, VersionedRecord)
        )

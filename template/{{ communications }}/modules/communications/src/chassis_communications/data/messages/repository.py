import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, cast
from uuid import UUID, uuid4

from pydantic_core import to_json
from sqlalchemy import Row, Table, func, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Database
from chassis.database.repository import Repository
from chassis.problems import Conflict
from chassis_communications.addresses import hashed, normal
from chassis_communications.data.messages.model import Message
from chassis_communications.messages import MessageState, NewMessage, StoredMessageRead
from chassis_communications.steps import step
from chassis_mongodb.telling.model import UntoldActivity

ANOTHER = "There is another message with this id."
ASKED = ("template", "channel", "recipient", "data", "time_zone")
TOLD = ("template", "channel", "address_hash", "state", "reason", "provider", "attempts", "cost")
"""What the history knows of a message: neither whom it went to, nor what was in it."""

_untold = cast("Table", UntoldActivity.__table__)


class Messages(Repository[StoredMessageRead]):
    """Messages, in PostgreSQL; each step is stored together with its entry of the history."""

    model = Message
    read = StoredMessageRead

    def __init__(self, database: Database, key: str, told: Callable[[], None]) -> None:
        super().__init__(database)
        self._key = key
        self._table: Table = self._records.table
        self._told = told

    async def queue(self, message_id: UUID, new: NewMessage) -> StoredMessageRead:
        """Keep a message that is to be sent; twice is once. Raises Conflict for another one."""
        recipient = normal(new.channel, new.recipient)
        asked = {**new.model_dump(include=set(ASKED)), "recipient": recipient}
        address_hash = hashed(self._key, new.channel, recipient)
        values = {"id": message_id, "address_hash": address_hash, **asked}
        table = self._table
        statement = postgresql.insert(table).on_conflict_do_nothing().returning(*table.c)
        async with self.database.begin() as connection:
            row = (await connection.execute(statement, values)).first()
            if row is not None:
                return await self._stored(connection, self._all(row))
        found = await self.get(message_id)
        if {name: getattr(found, name) for name in ASKED} != asked:
            raise Conflict(ANOTHER)
        return found

    async def advance(self, message_id: UUID, to: MessageState) -> StoredMessageRead:
        """Say what a message has come to; raises NotFound, and Conflict if it cannot come to that.

        Twice is once. An attempt begins by being named, and only who names it ends it.
        """
        table = self._table
        async with self.database.begin() as connection:
            locked = select(table).where(table.c.id == message_id).with_for_update()
            row = (await connection.execute(locked)).first()
            if row is None:
                raise self._missing()
            stored = self._all(row)
            values = step(stored, to)
            if values is None:
                return self.read.model_validate(stored)
            this = update(table).where(table.c.id == message_id)
            advanced = this.values(**values).returning(*table.c)
            changed = self._all((await connection.execute(advanced)).one())
            if "state" not in values:  # it was told before, and is in the history
                return self.read.model_validate(changed)
            return await self._stored(connection, changed)

    async def sent_to(self, address_hash: str, since: dt.datetime) -> int:
        """Count what went to an address, or may have."""
        table = self._table
        counted = select(func.count()).where(
            table.c.address_hash == address_hash, table.c.created_at >= since, table.c.attempts > 0
        )
        async with self.database.connect() as connection:
            return int((await connection.execute(counted)).scalar_one())

    def _all(self, row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
        return dict(zip(self._table.columns.keys(), row, strict=True))

    async def _stored(
        self, connection: AsyncConnection, stored: Mapping[str, Any]
    ) -> StoredMessageRead:
        activity = {
            "type": f"message.{stored['state']}",
            "subject": stored["id"],
            "at": dt.datetime.now(dt.UTC),
            "data": {name: stored[name] for name in TOLD},
        }
        values = {"id": uuid4(), "body": to_json(activity).decode()}
        await connection.execute(insert(_untold), values)
        self._told()
        return self.read.model_validate(dict(stored))

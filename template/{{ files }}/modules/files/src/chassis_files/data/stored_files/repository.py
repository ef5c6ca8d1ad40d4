import logging
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Table, Update, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Change, Database
from chassis.database.errors import refusals
from chassis.database.models import Base
from chassis.database.repository import Repository
from chassis.problems import Conflict, Invalid, NotFound
from chassis_files.data.stored_files.model import StoredFile
from chassis_files.files import (
    BEFORE,
    FileState,
    NewFile,
    ReleasedOrphans,
    StoredFileRead,
    is_already,
)

logger = logging.getLogger(__name__)

PART = 1000
"""Files that are looked at together, whether their records are there."""
NO_COLLECTION = "There is no such collection."
NO_RECORD = "There is no such record."
GIVEN_UP = "Nobody wants this file any more."
NO_FILE = "There is no such file, or it is of another record."


class StoredFiles(Repository[StoredFileRead]):
    """What is known of files, in PostgreSQL."""

    model = StoredFile
    read = StoredFileRead

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._table: Table = self._records.table

    async def begin(self, file_id: UUID, new: NewFile) -> StoredFileRead:
        """Keep that a file comes; raises Invalid if what it names is not there."""
        values: dict[str, Any] = {"id": file_id, **new.model_dump()}
        async with self.database.begin() as connection:
            if new.entity is not None:
                values["entity"] = await _hold(connection, new.entity, new.entity_id)
            if new.replaces is not None:
                await self._check_replaced(connection, new.replaces, values)
            with refusals(self._table, values, self._records.columns):
                row = (await connection.execute(self._records.insert, values)).one()
            added = self._records.by_name(row)
            change = Change("add", self._table.name, file_id, values, added)
            await self.recorded(connection, change)
        return self.read.model_validate(added)

    async def advance(self, file_id: UUID, state: FileState) -> StoredFileRead:
        """Say what a file has come to; raises Conflict if it cannot come to that, or has otherwise.

        Twice is once. The file whose place a clean one takes is released with it. Raises NotFound
        for a file that nobody wants any more: it takes no place, and is about to be removed.
        """
        values = state.model_dump(exclude_none=True)
        table = self._table
        before = table.c.state == BEFORE[state.state]
        this = (table.c.id == file_id, before, table.c.released.is_(False))
        advance = update(table).where(*this).values(**values).returning(*table.c)
        async with self.database.begin() as connection:
            row = (await connection.execute(advance)).first()
            if row is not None:
                stored = dict(zip(table.columns.keys(), row, strict=True))
                await self._advanced(connection, stored, values)
                return self.read.model_validate(stored)
        found = await self.get(file_id)
        if found.released:
            raise NotFound(GIVEN_UP)
        if found.state != state.state:
            raise Conflict(f"A file that is {found.state} cannot become {state.state}.")
        if not is_already(found, state):
            raise Conflict(f"The file is {found.state} already, and not like this.")
        return found

    async def release(self, file_id: UUID) -> StoredFileRead:
        """Keep that nobody wants a file any more; raises NotFound."""
        return await self.change(file_id, {"released": True})

    async def release_of(self, connection: AsyncConnection, entity: str, record: UUID) -> None:
        """Release the files of a record, in the transaction that removes it."""
        table = self._table
        theirs = (table.c.entity == entity, table.c.entity_id == record)
        await connection.execute(update(table).where(*theirs).values(released=True))

    async def release_orphans(self, after: UUID | None) -> ReleasedOrphans:
        """Release the files of records that are gone, however they went, among those after an id.

        It looks at one part of them, so that it takes but a moment however many there are. Files of
        collections that this version does not know stay: another version may.
        """
        table, released = self._table, 0
        some = select(table.c.id, table.c.entity).order_by(table.c.id).limit(PART)
        if after is not None:
            some = some.where(table.c.id > after)
        async with self.database.begin() as connection:
            part = (await connection.execute(some)).all()
            for entity in sorted({row.entity for row in part if row.entity is not None}):
                owner = Base.metadata.tables.get(entity)
                if owner is None:
                    logger.warning("Files of %s stay: there is no such collection", entity)
                    continue
                theirs = [row.id for row in part if row.entity == entity]
                release = self._releasing(theirs, entity, owner)
                released += (await connection.execute(release)).rowcount
        return ReleasedOrphans(released=released, last=part[-1].id if len(part) == PART else None)

    def _releasing(self, files: Sequence[UUID], entity: str, owner: Table) -> Update:
        """Release those of these files whose record is gone."""
        table = self._table
        is_there = select(literal(1)).where(owner.c.id == table.c.entity_id).exists()
        theirs = (table.c.id.in_(files), table.c.entity == entity)
        gone = select(table.c.id).where(*theirs, table.c.released.is_(False), ~is_there)
        # What another worker is about to release is left to it.
        taken = gone.order_by(table.c.id).with_for_update(skip_locked=True)
        return update(table).where(table.c.id.in_(taken)).values(released=True)

    async def _advanced(
        self, connection: AsyncConnection, stored: Mapping[str, Any], values: Mapping[str, Any]
    ) -> None:
        table = self._table
        if stored["state"] == "clean" and stored["replaces"]:
            former = table.c.id == stored["replaces"]
            await connection.execute(update(table).where(former).values(released=True))
        await self.recorded(connection, Change("change", table.name, stored["id"], values, stored))

    async def _check_replaced(
        self, connection: AsyncConnection, replaced: UUID, values: Mapping[str, Any]
    ) -> None:
        """Refuse to take the place of a file that is not of the same record."""
        table = self._table
        found = select(table.c.id).where(
            table.c.id == replaced,
            table.c.released.is_(False),
            table.c.entity.is_not_distinct_from(values["entity"]),
            table.c.entity_id.is_not_distinct_from(values["entity_id"]),
        )
        if (await connection.execute(found)).first() is None:
            raise Invalid(NO_FILE, field="replaces")


async def _hold(connection: AsyncConnection, entity: str, record: UUID | None) -> str:
    """Give the table of a record, which stays until the end of the transaction; raises Invalid."""
    table = Base.metadata.tables.get(entity.replace("-", "_"))
    if table is None or not {"id", "version"} <= set(table.columns.keys()):
        raise Invalid(NO_COLLECTION, field="entity")
    held = select(table.c.id).where(table.c.id == record).with_for_update(key_share=True, read=True)
    if (await connection.execute(held)).first() is None:
        raise Invalid(NO_RECORD, field="entity_id")
    return table.name

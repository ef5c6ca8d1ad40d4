from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.repository import Repository
from chassis_files.copies.due import FileToCopyRead
from chassis_files.data.files_to_copy.model import FileToCopy


class FilesToCopy(Repository[FileToCopyRead]):
    """What has to be copied, in PostgreSQL."""

    model = FileToCopy
    read = FileToCopyRead

    async def add_in(self, connection: AsyncConnection, file_id: UUID) -> None:
        """Note that a file has to be copied, in the transaction that makes it clean."""
        statement = postgresql.insert(self._records.table).on_conflict_do_nothing()
        await connection.execute(statement, {"id": file_id})

    async def done(self, file_id: UUID) -> None:
        """Forget one that is copied; twice is once. It is work, and no record to tell of."""
        async with self.database.begin() as connection:
            await self.done_in(connection, file_id)

    async def done_in(self, connection: AsyncConnection, file_id: UUID) -> None:
        """Do so in a transaction."""
        table = self._records.table
        await connection.execute(delete(table).where(table.c.id == file_id))

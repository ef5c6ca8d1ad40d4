from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.dialects import postgresql

from chassis.database.engine import Database
from chassis.database.repository import Repository
from chassis_communications.data.message_events.model import MessageEvent
from chassis_communications.message_events import MessageEventRead, NewMessageEvent


class MessageEvents(Repository[MessageEventRead]):
    """What providers told, in PostgreSQL: each event once."""

    model = MessageEvent
    read = MessageEventRead

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._table = self._records.table

    async def take(self, events: Sequence[NewMessageEvent]) -> None:
        """Keep those that are not known."""
        if not events:
            return
        statement = postgresql.insert(self._table).on_conflict_do_nothing()
        async with self.database.begin() as connection:
            await connection.execute(statement, [event.model_dump() for event in events])

    async def handle(self, event_id: UUID) -> MessageEventRead:
        """Keep that an event was acted on; raises NotFound."""
        return await self.change(event_id, {"handled": True})

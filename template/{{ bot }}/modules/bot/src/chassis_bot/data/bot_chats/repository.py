from sqlalchemy import Table, case, func
from sqlalchemy.dialects.postgresql import insert

from chassis.database.engine import Change
from chassis.database.errors import refusals
from chassis.database.repository import Repository
from chassis_bot.chats import BotChatRead, BotChatState
from chassis_bot.data.bot_chats.model import BotChat


class BotChats(Repository[BotChatRead]):
    """Chats in PostgreSQL."""

    model = BotChat
    read = BotChatRead

    async def replace(self, chat: int, state: BotChatState) -> BotChatRead:
        """Set what a chat wants, and give it as it is then."""
        table: Table = self._records.table
        values = {"chat": chat, **state.model_dump(exclude={"blocked"})}
        since = func.clock_timestamp() if state.blocked else None
        new = insert(table).values(**values, blocked_at=since)
        first = func.coalesce(table.c.blocked_at, new.excluded.blocked_at)
        statement = new.on_conflict_do_update(
            index_elements=["chat"],
            set_={
                "language": new.excluded.language,
                "subscribed": new.excluded.subscribed,
                "blocked_at": case((new.excluded.blocked_at.is_(None), None), else_=first),
                "updated_at": func.clock_timestamp(),
            },
        ).returning(*table.c)
        with refusals(table, values, self._records.columns):
            async with self.database.begin() as connection:
                row = (await connection.execute(statement)).one()
                stored = dict(zip(table.columns.keys(), row, strict=True))
                change = Change("change", table.name, stored["id"], values, stored)
                await self.recorded(connection, change)
        return self.read.model_validate(stored)

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import cast

from sqlalchemy import RowMapping, Table, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.bot_webhook.telling import MOST, BotUpdateRead
from chassis.database.engine import Database
from chassis_bot.data.bot_updates.model import BotUpdate

KEPT = dt.timedelta(days=2)
"""So long an update that is done is known: Telegram sends one again for a day. After a quiet week it may
begin at a lower number, by which nothing is known any more then."""
SWEPT_AT_ONCE = 1000
LARGEST_ANSWER = 4 * 1024 * 1024
"""Characters of updates that are given at once, which one update alone may have."""


class UpdateInbox:
    """Updates in PostgreSQL, each of them once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._updates = cast("Table", BotUpdate.__table__)

    async def keep(self, update_id: int, body: str) -> None:
        """Keep an update; one that is known stays as it is. Forgets what was done long ago.

        That is done bit by bit: a number that is to be forgotten counts as new.
        """
        updates = self._updates.c
        is_old = updates.done_at < func.now() - KEPT
        old = (
            select(updates.update_id)
            .where(is_old)
            .limit(SWEPT_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        new = insert(self._updates).values(update_id=update_id, body=body)
        new = new.on_conflict_do_update(
            index_elements=[updates.update_id],
            set_={"body": body, "created_at": func.now(), "done_at": None},
            where=is_old,
        )
        async with self._database.begin() as connection:
            await connection.execute(delete(self._updates).where(updates.update_id.in_(old)))
            await connection.execute(new)

    async def waiting(self, after: int) -> Sequence[BotUpdateRead]:
        """Give the first of those after this number that are not done, in order.

        One that no answer can hold is passed over, however it got there: it waits by itself.
        """
        updates = self._updates.c
        fits = func.length(updates.body) <= LARGEST_ANSWER  # and it has a body
        statement = (
            select(updates.update_id, updates.body)
            .where(updates.done_at.is_(None), updates.update_id > after, fits)
            .order_by(updates.update_id)
            .limit(MOST)
        )
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return list(_as_many_as_fit(rows))

    async def end(self, update_ids: Sequence[int]) -> None:
        """Take note that updates are done: what people wrote is kept no longer."""
        updates = self._updates.c
        these = update(self._updates).where(
            updates.update_id.in_(update_ids), updates.done_at.is_(None)
        )
        async with self._database.begin() as connection:
            await connection.execute(these.values(body=None, done_at=func.now()))


def _as_many_as_fit(rows: Sequence[RowMapping]) -> Iterator[BotUpdateRead]:
    size = 0
    for row in rows:
        size += len(row["body"])
        if size > LARGEST_ANSWER:
            return
        yield BotUpdateRead.model_validate(dict(row))

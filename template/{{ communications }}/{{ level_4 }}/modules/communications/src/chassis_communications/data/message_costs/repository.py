from typing import cast

from sqlalchemy import Date, Table, func, select
from sqlalchemy import cast as as_type

from chassis.database.engine import Database
from chassis_communications.data.messages.model import Message
from chassis_communications.spending import CostQuery, DailyCost, DailyCosts, Total, TotalQuery

MOST = 1000
"""Lines of a list."""
AFTER_DIGITS = ":"
"""The sign that comes right after the digits."""
_messages = cast("Table", Message.__table__)


class MessageCosts:
    """What the messages in PostgreSQL cost; those that were never attempted cost nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_day(self, query: CostQuery) -> DailyCosts:
        """Add up what messages cost, by day, channel and provider."""
        columns = _messages.c
        day = as_type(func.timezone("UTC", columns.created_at), Date).label("day")
        of = (day, columns.channel, columns.provider)
        statement = (
            select(
                *of,
                func.count().label("messages"),
                func.coalesce(func.sum(columns.segments), 0).label("segments"),
                func.coalesce(func.sum(columns.cost), 0).label("cost"),
            )
            .where(columns.created_at >= query.since, columns.attempts > 0)
            .group_by(*of)
            .order_by(day.desc(), columns.channel, columns.provider)
            .limit(MOST)
        )
        if query.until:
            statement = statement.where(columns.created_at < query.until)
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return DailyCosts(items=[DailyCost.model_validate(dict(row)) for row in rows])

    async def total(self, query: TotalQuery) -> Total:
        """Add up what messages cost together."""
        columns = _messages.c
        statement = select(
            func.count().label("messages"), func.coalesce(func.sum(columns.cost), 0).label("cost")
        ).where(columns.created_at >= query.since, columns.attempts > 0)
        if query.channel:
            statement = statement.where(columns.channel == query.channel)
        if query.beginning:
            # Byte by byte, as the index is ordered.
            statement = statement.where(
                columns.recipient.op("~>=~")(query.beginning),
                columns.recipient.op("~<~")(query.beginning + AFTER_DIGITS),
            )
        async with self._database.connect() as connection:
            row = (await connection.execute(statement)).mappings().one()
        return Total.model_validate(dict(row))

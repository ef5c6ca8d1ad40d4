from typing import cast
from uuid import UUID

from sqlalchemy import Date, Table, case, func, literal, select, update
from sqlalchemy import cast as as_type
from sqlalchemy.dialects.postgresql import insert

from chassis.database.engine import Database
from chassis.problems import NotFound
from chassis_communications.data.message_costs.model import MessagePrice as PriceRow
from chassis_communications.data.messages.model import Message
from chassis_communications.spending import (
    CostQuery,
    DailyCost,
    DailyCosts,
    MessagePrice,
    Total,
    TotalQuery,
    Unpriced,
    UnpricedMessages,
    UnpricedQuery,
)

MISSING = "Message not found."
MOST = 1000
"""Lines of a list."""
AFTER_DIGITS = ":"
"""The sign that comes right after the digits."""
_messages = cast("Table", Message.__table__)
_prices = cast("Table", PriceRow.__table__)


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

    async def unpriced(self, query: UnpricedQuery) -> UnpricedMessages:
        """Give SMS that a provider has taken and not named a price for since, by their ids."""
        columns = _messages.c
        is_priced = select(literal(1)).where(_prices.c.id == columns.id).exists()
        statement = (
            select(columns.id, columns.provider_id, columns.segments)
            .where(
                columns.channel == "sms",
                columns.created_at >= query.since,
                columns.provider_id.is_not(None),
                ~is_priced,
            )
            .order_by(columns.id)
            .limit(query.limit)
        )
        if query.after:
            statement = statement.where(columns.id > query.after)
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return UnpricedMessages(items=[Unpriced.model_validate(dict(row)) for row in rows])

    async def set_price(self, message_id: UUID, said: MessagePrice) -> None:
        """Keep what a message is billed at, and count it once. Raises NotFound."""
        columns = _messages.c
        of_it = columns.id == message_id
        there = select(columns.id).where(of_it).with_for_update()
        row = {"id": message_id, "price": said.price}
        priced = insert(_prices).values(row).on_conflict_do_nothing().returning(_prices.c.id)
        # Of several attempts, each that nobody knows the outcome of is in the sum, too.
        others = func.greatest(func.coalesce(columns.cost, 0) - said.estimate, 0)
        cost = case((columns.attempts > 1, others), else_=0) + said.price
        async with self._database.begin() as connection:
            if (await connection.execute(there)).first() is None:
                raise NotFound(MISSING)
            if (await connection.execute(priced)).first() is not None:
                await connection.execute(update(_messages).where(of_it).values(cost=cost))

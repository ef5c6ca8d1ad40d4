import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from chassis_communications.kept_costs import KeptCosts
from chassis_communications.sms_prices.settings import Settings
from chassis_communications.spending import MessagePrice, UnpricedQuery

MILLION = 1_000_000

type PriceOf = Callable[[str], Awaitable[int | None]]
"""Gives what is billed for an SMS, in millionths, by what the provider calls it; None while it does not say."""


@dataclass(slots=True)
class LookUpPrices:
    """Ask what SMS cost, some at a time: those that were not asked about for longest."""

    kept: KeptCosts
    price_of: PriceOf
    settings: Settings
    after: UUID | None = field(default=None, init=False)
    """The last one that was asked about; None where the next is the first."""

    async def __call__(self) -> int:
        """Say how many prices are known now; raises Unavailable when somebody is away."""
        settings = self.settings
        since = dt.datetime.now(dt.UTC) - dt.timedelta(days=settings.sms_prices_days)
        query = UnpricedQuery(since=since, after=self.after, limit=settings.sms_prices_at_once)
        waiting = await self.kept.unpriced(query)
        # Whatever comes of these, others are asked about next: one holds up none.
        self.after = waiting[-1].id if len(waiting) == query.limit else None
        known = 0
        for message in waiting:
            price = await self.price_of(message.provider_id)
            if price is not None:
                estimate = round(settings.sms_price * MILLION) * (message.segments or 1)
                said = MessagePrice(price=price, estimate=estimate)
                await self.kept.set_price(message.id, said)
                known += 1
        return known

"""Each day is compared once, by one of the workers, and made up for if none ran."""

import datetime as dt
import logging
from dataclasses import dataclass

from chassis.problems import ProblemError
from chassis_payments.providers import PayPal, Providers, Stripe
from chassis_payments.reconciliations import Books, ReconciliationEnd
from chassis_payments.reconciling.comparing import CompareDay
from chassis_payments.reconciling.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReconcileDays:
    """Compare the days that are due with every provider, and keep what comes out."""

    providers: Providers
    books: Books
    compare: CompareDay
    settings: Settings

    async def __call__(self, now: dt.datetime | None = None) -> int:
        """Say how many days were compared; raises Unavailable when the data service is away."""
        done = 0
        for day in self._due(now or dt.datetime.now(dt.UTC)):
            for provider in self.providers.known.values():
                if await self.books.begin(provider.name, day):
                    done += await self._compared(provider, day) is not None
        return done

    async def again(self, provider: Stripe | PayPal, day: dt.date) -> ReconciliationEnd | None:
        """Compare a day whatever was found before; None if another one does so now."""
        if not await self.books.begin(provider.name, day, again=True):
            return None
        return await self._compared(provider, day)

    def _due(self, now: dt.datetime) -> list[dt.date]:
        early = now.hour < self.settings.payments_reconcile_hour
        last = now.date() - dt.timedelta(days=2 if early else 1)
        days = range(self.settings.payments_reconcile_days)
        return [last - dt.timedelta(days=back) for back in reversed(days)]

    async def _compared(self, provider: Stripe | PayPal, day: dt.date) -> ReconciliationEnd | None:
        try:
            end = await self.compare(provider, day)
        except ProblemError as error:  # another worker takes it up within hours
            logger.warning("%s of %s is not compared: %s", provider.name, day, error.detail)
            return None
        await self.books.end(provider.name, day, end)
        level = logging.WARNING if end.differences else logging.INFO
        told = (provider.name, day, end.checked, len(end.differences))
        logger.log(level, "%s of %s: %d movements compared, %d differences", *told)
        return end

"""The books here are compared with those of a provider, in both directions."""

import datetime as dt
import itertools
from dataclasses import dataclass
from uuid import UUID

from chassis_payments.payments import ProviderTransactionRead, Seen
from chassis_payments.providers import NotThere, PayPal, Stripe
from chassis_payments.reconciliations import (
    AT_ONCE,
    MOST_DIFFERENCES,
    Books,
    Difference,
    ReconciliationEnd,
    Trouble,
)
from chassis_payments.reconciling.movements import Moved, moved
from chassis_payments.stored_payments import StoredPayments


@dataclass(frozen=True, slots=True)
class CompareDay:
    """Compare a day, in UTC; nothing is changed by that."""

    payments: StoredPayments
    books: Books

    async def __call__(self, provider: Stripe | PayPal, day: dt.date) -> ReconciliationEnd:
        """Say what the two do not agree about; raises Unavailable if one of them is away."""
        since = dt.datetime.combine(day, dt.time(), dt.UTC)
        until = since + dt.timedelta(days=1)
        there = [one async for one in moved(provider, since, until)]
        differences = [
            difference
            for some in itertools.batched(there, AT_ONCE // 2)
            for difference in await self._not_here(provider, some)
        ]
        seen_there = {(one.kind, one.reference) for one in there}
        here = await self.books.moved(provider.name, since, until)
        # What moved just before midnight was written down after it: only the others are asked for.
        others = [one for one in here if (one.kind, one.reference) not in seen_there]
        looked_up = [await self._not_there(provider, one) for one in others]
        differences += [one for one in looked_up if one is not None]
        checked = len(there) + len(others)
        return ReconciliationEnd(checked=checked, differences=differences[:MOST_DIFFERENCES])

    async def _not_here(
        self, provider: Stripe | PayPal, there: tuple[Moved, ...]
    ) -> list[Difference]:
        known = await self.books.known(provider.name, [one.reference for one in there])
        here = {(one.kind, one.reference): one for one in known}
        found = []
        for one in there:
            ours = here.get((one.kind, one.reference))
            told = one.told
            if ours is None:
                found.append(_difference("missing_here", one, one.payment_id, there=told))
            elif (ours.amount, ours.currency) != (one.amount, one.currency):
                own = _money(ours.amount, ours.currency)
                found.append(_difference("another_amount", one, ours.payment_id, own, told))
        return found

    async def _not_there(
        self, provider: Stripe | PayPal, ours: ProviderTransactionRead
    ) -> Difference | None:
        """Ask the provider for what it did not list: that may have moved on another day."""
        payment, own = await self.payments.get(ours.payment_id), _money(ours.amount, ours.currency)
        try:
            seen = await provider.see(payment)
        except NotThere as error:
            return _difference("missing_there", ours, payment.id, own, error.detail[:100])
        if seen.state != "completed":
            return _difference("another_state", ours, payment.id, payment.state, seen.state)
        if ours.kind == "charge" and seen.charge != ours.reference:
            return _difference("missing_there", ours, payment.id, own, seen.charge)
        amount = _amount_there(seen, ours)
        if amount is None:
            return _difference("missing_there", ours, payment.id, own)
        if (amount, seen.currency) != (ours.amount, ours.currency):
            told = _money(amount, seen.currency)
            return _difference("another_amount", ours, payment.id, own, told)
        return None


def _amount_there(seen: Seen, ours: ProviderTransactionRead) -> int | None:
    if ours.kind == "charge":
        return seen.amount
    made = [one for one in seen.refunds if one.state == "completed"]
    return next((one.amount for one in made if one.reference == ours.reference), None)


def _difference(
    trouble: Trouble,
    of: Moved | ProviderTransactionRead,
    payment_id: UUID | None,
    here: str | None = None,
    there: str | None = None,
) -> Difference:
    return Difference(
        trouble=trouble,
        kind="charge" if of.kind == "charge" else "refund",
        reference=of.reference,
        payment_id=payment_id,
        here=here,
        there=there,
    )


def _money(amount: int, currency: str) -> str:
    return f"{amount} {currency}"

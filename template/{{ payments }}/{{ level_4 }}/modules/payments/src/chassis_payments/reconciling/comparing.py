"""The books here are compared with those of a provider, in both directions."""

import datetime as dt
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from chassis_payments.payments import MovementKind, ProviderTransactionRead, Seen
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
            for some in itertools.batched(there, AT_ONCE // 4)
            for difference in await self._not_here(provider, some)
        ]
        seen_there = {(one.kind, one.reference) for one in there}
        here = await self.books.moved(provider.name, since, until)
        # What moved just before midnight was written down after it: only the others are asked for.
        others = [
            one
            for one in here
            # Of another kind a later version writes, which knows how to compare it.
            if one.kind in _STATES and (one.kind, one.reference) not in seen_there
        ]
        looked_up = [await self._not_there(provider, one) for one in others]
        differences += [one for one in looked_up if one is not None]
        checked = len(there) + len(others)
        return ReconciliationEnd(checked=checked, differences=differences[:MOST_DIFFERENCES])

    async def _not_here(
        self, provider: Stripe | PayPal, there: tuple[Moved, ...]
    ) -> list[Difference]:
        references = {one.reference for one in there} | {one.of for one in there if one.of}
        known = await self.books.known(provider.name, sorted(references))
        here = {(one.kind, one.reference): one for one in known}
        found = []
        for one in there:
            ours = here.get((one.kind, one.reference))
            told = one.told
            if one.kind == "returned" and ("refund", one.reference) not in here:
                continue  # it failed before it was made: nothing has moved
            if ours is None:
                charge = here.get(("charge", one.of or ""))
                payment_id = charge.payment_id if charge else one.payment_id
                found.append(_difference("missing_here", one, payment_id, there=told))
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
        found = _found_there(seen, ours)
        if found is None:
            other = seen.charge if ours.kind == "charge" else None
            return _difference("missing_there", ours, payment.id, own, other)
        state, amount = found
        if state not in _STATES[ours.kind] and not await self._came_back(ours, state):
            return _difference("another_state", ours, payment.id, _STATES[ours.kind][0], state)
        if (amount, seen.currency) != (ours.amount, ours.currency):
            told = _money(amount, seen.currency)
            return _difference("another_amount", ours, payment.id, own, told)
        return None

    async def _came_back(self, ours: ProviderTransactionRead, state: str) -> bool:
        """Tell whether the books know of a refund that has failed that its money is back."""
        if ours.kind != "refund" or state != "failed":
            return False
        moved = await self.payments.transactions(ours.payment_id)
        return any((one.kind, one.reference) == ("returned", ours.reference) for one in moved)


_STATES: Mapping[str, tuple[str, ...]] = {
    "charge": ("completed",),
    "refund": ("completed",),
    "dispute": ("lost",),
    "returned": ("failed",),
}
"""In which state the provider has to have what the books say has moved, by the kind of that."""


def _found_there(seen: Seen, ours: ProviderTransactionRead) -> tuple[str, int] | None:
    """Give the state and the amount that the provider has."""
    if ours.kind == "charge":
        return (seen.state, seen.amount) if seen.charge == ours.reference else None
    parts = seen.disputes if ours.kind == "dispute" else seen.refunds
    known = ((one.state, one.amount) for one in parts if one.reference == ours.reference)
    return next(known, None)


def _difference(
    trouble: Trouble,
    of: Moved | ProviderTransactionRead,
    payment_id: UUID | None,
    here: str | None = None,
    there: str | None = None,
) -> Difference:
    return Difference(
        trouble=trouble,
        kind=cast("MovementKind", of.kind),
        reference=of.reference,
        payment_id=payment_id,
        here=here,
        there=there,
    )


def _money(amount: int, currency: str) -> str:
    return f"{amount} {currency}"

"""What a provider says of a payment now is written down: whoever asks for it, and how often."""

import datetime as dt
import logging
from dataclasses import dataclass
from uuid import UUID

from chassis.problems import Conflict, OutcomeUnknown, Outdated
from chassis_payments.opening import age_of, attempt
from chassis_payments.payments import (
    Attempt,
    RefundEnd,
    Seen,
    StoredPaymentRead,
    StoredRefundRead,
)
from chassis_payments.providers import FailedForGood, Provider, Providers, Refused
from chassis_payments.states import OPEN
from chassis_payments.stored_payments import StoredPayments

logger = logging.getLogger(__name__)

TRIES = 4
SETTLES = dt.timedelta(seconds=30)
"""So long a call may still be under way: before, nobody says that it has not arrived."""
CLEARED_UP = dt.timedelta(hours=1)
"""So long a refund waits that failed at the provider: what it finds out of it may still show in its list."""
BUSY = "This payment changes all the time: try again."
NEVER = "It never reached the provider."


@dataclass(frozen=True, slots=True)
class RefreshPayment:
    """Ask the provider, and write down what it says, if the payment can have come to it."""

    payments: StoredPayments
    providers: Providers

    async def __call__(self, payment_id: UUID) -> StoredPaymentRead:
        """Give the payment as it is then; raises NotFound, and Unavailable if nobody can tell."""
        for _ in range(TRIES):
            payment = await self.payments.get(payment_id)
            try:
                return await self._refreshed(payment)
            except Outdated:  # what was seen may be older than what is written: look again
                continue
        raise Conflict(BUSY)

    async def _refreshed(self, payment: StoredPaymentRead) -> StoredPaymentRead:
        provider = self.providers[payment.provider]
        if payment.reference is None:
            return await self._resolved(provider, payment)
        seen = await provider.see(payment)
        if seen.collectable and payment.state in OPEN:
            return await self._collected(provider, payment)
        written = await self._written(payment, seen)
        return await self._with_refunds(provider, written)

    async def _written(self, payment: StoredPaymentRead, seen: Seen) -> StoredPaymentRead:
        written = await self.payments.write_down(payment, seen)
        if written.state != payment.state:
            logger.info("Payment %s: %s, was %s", payment.id, written.state, payment.state)
        return written

    async def _resolved(self, provider: Provider, payment: StoredPaymentRead) -> StoredPaymentRead:
        """Find out what became of an attempt that nobody has answered."""
        age = age_of(payment.attempted_at)
        if payment.state not in OPEN or age < SETTLES:
            return payment
        if seen := await provider.find(payment):
            return await self._written(payment, seen)
        if age < provider.keys_kept:  # if it does arrive after all, it is answered with the same
            return await attempt(self.payments, provider, payment)
        never = Attempt(state="refused", reason=NEVER)
        return await self.payments.note(payment.id, payment.attempt, never)

    async def _collected(self, provider: Provider, payment: StoredPaymentRead) -> StoredPaymentRead:
        """Have the money taken that was agreed to; the same key never takes it twice."""
        key = f"collect-{payment.id}"
        payment = await self.payments.note(payment.id, key, Attempt(state="sent"))
        try:
            await provider.collect(payment)
        except OutcomeUnknown as error:
            logger.warning("Payment %s is unknown: %s", payment.id, error.detail)
            unknown = Attempt(state="unknown", reason=error.detail)
            return await self.payments.note(payment.id, key, unknown)
        except Refused as error:  # who pays may choose another way to pay
            end = Attempt(state="declined", reason=error.detail)
        else:
            end = Attempt(state="done")
        payment = await self.payments.note(payment.id, key, end)
        return await self._written(payment, await provider.see(payment))

    async def _with_refunds(
        self, provider: Provider, payment: StoredPaymentRead
    ) -> StoredPaymentRead:
        """Find out what became of refunds that nobody has answered."""
        if payment.state != "completed":
            return payment
        late = [one for one in await self.payments.refunds(payment.id) if _is_late(one)]
        for refund in late:
            await ask_for_refund(self.payments, provider, payment, refund)
        return await self.payments.get(payment.id) if late else payment


async def ask_for_refund(
    payments: StoredPayments,
    provider: Provider,
    payment: StoredPaymentRead,
    refund: StoredRefundRead,
) -> StoredRefundRead:
    """Ask for a refund that the provider does not show, while its key is known there."""
    if age_of(refund.created_at) >= provider.keys_kept:
        return await payments.end_refund(refund, RefundEnd(state="failed", reason=NEVER))
    try:
        seen = await provider.refund(payment, refund)
    except Refused as error:
        end = RefundEnd(state="failed", reason=error.detail)
    except FailedForGood as error:
        logger.warning("Refund %s has failed, and waits: %s", refund.id, error.detail)
        end = RefundEnd(state="unknown", reason=error.detail, attempt=refund.attempt + 1)
    except OutcomeUnknown as error:
        logger.warning("Refund %s is unknown: %s", refund.id, error.detail)
        end = RefundEnd(state="unknown", reason=error.detail)
    else:
        end = RefundEnd(state=seen.state, reference=seen.reference)
    return await payments.end_refund(refund, end)


def _is_late(refund: StoredRefundRead) -> bool:
    """Tell whether a refund that the provider does not show is to be asked for."""
    waits = SETTLES if refund.attempt == 1 else CLEARED_UP
    open_here = refund.reference is None and refund.state != "failed"
    return open_here and age_of(refund.updated_at) >= waits

"""A payment is opened: kept first, and then asked for, so that no answer can be lost unseen."""

import datetime as dt
import logging
from dataclasses import dataclass
from uuid import UUID

from chassis.problems import OutcomeUnknown, Outdated
from chassis_payments.checking import Asked, Checks
from chassis_payments.payments import Attempt, NewProviderPayment, StoredPaymentRead
from chassis_payments.providers import FailedForGood, Provider, Providers, Refused
from chassis_payments.stored_payments import StoredPayments

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenPayment:
    """Open a payment; the same id again gives the same payment, and nothing is opened twice."""

    payments: StoredPayments
    providers: Providers
    checks: Checks

    async def __call__(self, payment_id: UUID, new: NewProviderPayment) -> StoredPaymentRead:
        """Raise Unavailable if the provider is away: the same may be asked again."""
        provider = self.providers[new.provider]
        provider.check(new.amount, new.currency)
        await self.checks(
            Asked(
                act="open",
                id=payment_id,
                payment_id=payment_id,
                provider=new.provider,
                amount=new.amount,
                currency=new.currency,
                entity=new.entity,
                entity_id=new.entity_id,
            )
        )
        payment = await self.payments.begin(payment_id, new)
        if payment.reference or payment.state != "pending":
            return payment
        return await self.attempt(payment)

    async def attempt(self, payment: StoredPaymentRead) -> StoredPaymentRead:
        """Ask the provider of a payment to open it."""
        return await attempt(self.payments, self.providers[payment.provider], payment)


async def attempt(
    payments: StoredPayments, provider: Provider, payment: StoredPaymentRead
) -> StoredPaymentRead:
    """Ask a provider to open a payment, and note a refusal."""
    try:
        return await ask(payments, provider, payment)
    except Refused as error:
        refused = Attempt(state="refused", reason=error.detail)
        return await payments.note(payment.id, payment.attempt, refused)


async def ask(
    payments: StoredPayments, provider: Provider, payment: StoredPaymentRead
) -> StoredPaymentRead:
    """Ask a provider to open a payment, under the key that was noted before; raises Refused."""
    try:
        seen = await provider.open(payment)
    except OutcomeUnknown as error:
        logger.warning("Payment %s is unknown: %s", payment.id, error.detail)
        over = isinstance(error, FailedForGood) and age_of(payment.created_at) < provider.keys_kept
        noted = Attempt(state="failed" if over else "unknown", reason=error.detail)
        return await payments.note(payment.id, payment.attempt, noted)
    try:
        return await payments.write_down(payment, seen)
    except Outdated:  # another request was faster, and has the same answer: the key is the same
        now = await payments.get(payment.id)
        if now.reference or now.attempt != payment.attempt:
            return now
        return await payments.write_down(now, seen)


def age_of(since: dt.datetime) -> dt.timedelta:
    """Say how long ago something was."""
    return dt.datetime.now(dt.UTC) - since

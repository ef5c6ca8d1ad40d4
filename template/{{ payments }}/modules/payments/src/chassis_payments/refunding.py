"""Money is given back: held first, so that no two refunds give back more than was paid."""

from dataclasses import dataclass
from uuid import UUID

from chassis.problems import Unavailable
from chassis_payments.checking import Asked, Checks
from chassis_payments.opening import age_of
from chassis_payments.payments import NewProviderRefund, StoredRefundRead
from chassis_payments.providers import Providers
from chassis_payments.refreshing import SETTLES, RefreshPayment, ask_for_refund
from chassis_payments.stored_payments import StoredPayments


@dataclass(frozen=True, slots=True)
class RefundPayment:
    """Give back a part of a payment, or all that is left; the same id again is the same refund."""

    payments: StoredPayments
    providers: Providers
    checks: Checks

    async def __call__(
        self, payment_id: UUID, refund_id: UUID, new: NewProviderRefund
    ) -> StoredRefundRead:
        """Raise Conflict if so much is not left; if the provider is away, a worker goes on."""
        payment = await self.payments.get(payment_id)
        provider = self.providers[payment.provider]
        if new.amount is not None:
            provider.check(new.amount, payment.currency)
        await self.checks(
            Asked(
                act="refund",
                id=refund_id,
                payment_id=payment_id,
                provider=payment.provider,
                amount=new.amount or payment.amount - payment.refunded,
                currency=payment.currency,
                entity=payment.entity,
                entity_id=payment.entity_id,
            )
        )
        refund = await self.payments.begin_refund(payment_id, refund_id, new)
        if refund.reference or refund.state != "pending":
            return refund
        try:
            if age_of(refund.created_at) < SETTLES:
                return await ask_for_refund(self.payments, provider, payment, refund)
            # It was asked for before, and may have been made: the provider says so first.
            await RefreshPayment(self.payments, self.providers)(payment_id)
        except Unavailable:
            return refund
        known = await self.payments.refunds(payment_id)
        return next(one for one in known if one.id == refund_id)

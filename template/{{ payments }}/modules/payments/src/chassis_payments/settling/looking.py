"""Payments that nobody has heard of are looked up, whether or not a webhook ever comes."""

import logging
from dataclasses import dataclass

from chassis.problems import ProblemError
from chassis_payments.payments import ProviderName
from chassis_payments.refreshing import RefreshPayment
from chassis_payments.stored_payments import StoredPayments

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LookUpPayments:
    """Look up what is unknown, or has been open for long; one that fails waits for the next time."""

    payments: StoredPayments
    refresh: RefreshPayment
    provider: ProviderName
    """Each has its own turn: one that is slow holds up no other."""
    after_s: float

    async def __call__(self) -> int:
        """Say how many were looked at; raises Unavailable when the data service is away."""
        unsettled = await self.payments.unsettled(self.provider, self.after_s)
        for payment in unsettled:
            try:
                await self.refresh(payment.id)
            except ProblemError as error:
                logger.warning("Payment %s waits: %s", payment.id, error.detail)
            except Exception:
                logger.exception("Payment %s waits", payment.id)
        return len(unsettled)

import logging
from uuid import UUID

from chassis.problems import Conflict, Invalid, NotFound
from chassis_payments.opening import OpenPayment, ask, attempt
from chassis_payments.payments import Attempt, NewProviderPayment, StoredPaymentRead
from chassis_payments.provider_breakers import LeftAlone
from chassis_payments.providers import Provider, Refused
from chassis_payments.turning import Turned

logger = logging.getLogger(__name__)


class OpenAnywhere(OpenPayment):
    """Open a payment, at the other provider if the one that was chosen surely has not."""

    async def __call__(self, payment_id: UUID, new: NewProviderPayment) -> StoredPaymentRead:
        """Raise Unavailable if nobody can open it now: the same may be asked again."""
        # What was asked for before may have been sent before: then no breaker says that it was not.
        before = await self._is_known(payment_id)
        try:
            return await OpenPayment.__call__(self, payment_id, new)
        except LeftAlone as error:
            if before:
                raise
            payment = await self.payments.get(payment_id)
            opened = await self._elsewhere(payment, error.detail)
            if opened is None:
                raise
            return opened

    async def attempt(self, payment: StoredPaymentRead) -> StoredPaymentRead:
        """Ask the provider of a payment to open it, and the other one if it refuses."""
        try:
            return await ask(self.payments, self.providers[payment.provider], payment)
        except Refused as error:
            opened = await self._elsewhere(payment, error.detail)
            if opened is not None:
                return opened
            refused = Attempt(state="refused", reason=error.detail)
            return await self.payments.note(payment.id, payment.attempt, refused)

    async def _elsewhere(self, payment: StoredPaymentRead, reason: str) -> StoredPaymentRead | None:
        """Have the other provider open it; None if there is none that could."""
        other = self._other(payment)
        if other is None:
            return None
        try:
            turned = await self.payments.change(
                f"{payment.id}/turned/{payment.version}",
                Turned(provider=other.name, reason=reason),
            )
        except Conflict:  # another request was faster, or something is known or in doubt by now
            return await self.payments.get(payment.id)
        logger.warning("Payment %s goes to %s: %s", payment.id, other.name, reason)
        return await attempt(self.payments, other, turned)

    def _other(self, payment: StoredPaymentRead) -> Provider | None:
        for name, provider in self.providers.known.items():
            # Each is asked once: the first attempt has the shortest key.
            if name != payment.provider and payment.attempt == f"open-{payment.id}":
                try:
                    provider.check(payment.amount, payment.currency)
                except Invalid:
                    continue
                return provider
        return None

    async def _is_known(self, payment_id: UUID) -> bool:
        try:
            await self.payments.get(payment_id)
        except NotFound:
            return False
        return True

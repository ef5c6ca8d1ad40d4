"""What webhooks said is acted on: the provider is asked what is so now."""

import logging
from dataclasses import dataclass

from chassis import webhooks
from chassis.webhooks import EventOutcome
from chassis_payments.payments import DueEvent, ProviderName
from chassis_payments.refreshing import RefreshPayment
from chassis_payments.stored_payments import StoredPayments

logger = logging.getLogger(__name__)


class ActOnEvents(webhooks.ActOnEvents[DueEvent]):
    """Look at every payment that an event may be about; one that fails is tried again later."""

    def __init__(
        self, payments: StoredPayments, refresh: RefreshPayment, provider: ProviderName
    ) -> None:
        super().__init__(EventsOf(payments, provider), LookAtPayments(refresh))


@dataclass(frozen=True, slots=True)
class EventsOf:
    """The events of one provider: while it is slow, those of others are acted on."""

    payments: StoredPayments
    provider: ProviderName

    async def due_events(self) -> list[DueEvent]:
        """Give those that are to be acted on."""
        return await self.payments.due_events(self.provider)

    async def end_event(self, event: DueEvent, outcome: EventOutcome) -> None:
        """Keep what became of one."""
        await self.payments.end_event(event, outcome)


@dataclass(frozen=True, slots=True)
class LookAtPayments:
    """Look at the payments of one event."""

    refresh: RefreshPayment

    async def __call__(self, event: DueEvent) -> None:
        """Raise what the look at one of them raises."""
        for payment_id in event.payments:
            await self.refresh(payment_id)
        if not event.payments:
            logger.info("Event %s of %s is about no payment", event.event_id, event.provider)

"""What webhooks said is acted on: the provider is asked what is so now."""

import logging
from dataclasses import dataclass

from chassis.problems import ProblemError
from chassis_payments.payments import DueEvent, EventOutcome
from chassis_payments.refreshing import RefreshPayment
from chassis_payments.stored_payments import StoredPayments

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ActOnEvents:
    """Look at every payment that an event may be about; one that fails is tried again later."""

    payments: StoredPayments
    refresh: RefreshPayment

    async def __call__(self) -> int:
        """Say how many were acted on; raises Unavailable when the data service is away."""
        events = await self.payments.due_events()
        for event in events:
            await self.payments.end_event(event, await self._outcome(event))
        return len(events)

    async def _outcome(self, event: DueEvent) -> EventOutcome:
        try:
            for payment_id in event.payments:
                await self.refresh(payment_id)
        except ProblemError as error:
            logger.warning("Event %s of %s waits: %s", event.event_id, event.provider, error.detail)
            return EventOutcome(error=error.detail[:500])
        except Exception as error:
            logger.exception("Event %s of %s waits", event.event_id, event.provider)
            return EventOutcome(error=repr(error)[:500])
        if not event.payments:
            logger.info("Event %s of %s is about no payment", event.event_id, event.provider)
        return EventOutcome()

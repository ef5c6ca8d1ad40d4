"""What webhooks said is acted on, by a worker."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from chassis.problems import ProblemError
from chassis.webhooks.events import LONGEST_ERROR, DueEvent, EventOutcome

logger = logging.getLogger(__name__)


class KeptEvents[E: DueEvent](Protocol):
    """Where events are until they were acted on."""

    async def due_events(self) -> Sequence[E]:
        """Give those that are to be acted on."""
        ...

    async def end_event(self, event: E, outcome: EventOutcome) -> None:
        """Keep what became of one."""
        ...


@dataclass(frozen=True, slots=True)
class ActOnEvents[E: DueEvent]:
    """Act on each event; to do so twice must do no harm. One that fails waits, and holds up no other."""

    kept: KeptEvents[E]
    act: Callable[[E], Awaitable[None]]

    async def __call__(self) -> int:
        """Say how many there were; raises Unavailable when the data service is away."""
        events = await self.kept.due_events()
        for event in events:
            await self.kept.end_event(event, await self._outcome(event))
        return len(events)

    async def _outcome(self, event: E) -> EventOutcome:
        try:
            await self.act(event)
        except ProblemError as error:
            logger.warning("Event %s of %s waits: %s", event.event_id, event.provider, error.detail)
            return EventOutcome(error=error.detail[:LONGEST_ERROR])
        except Exception as error:
            logger.exception("Event %s of %s waits", event.event_id, event.provider)
            return EventOutcome(error=type(error).__name__)
        return EventOutcome()

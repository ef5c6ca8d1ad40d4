from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis.webhooks import EventOutcome
from chassis_payments.data.provider_events.inbox import Inbox
from chassis_payments.payments import EVENTS, DueEvent, EventId, NewEvent, ProviderName

router = APIRouter(prefix=EVENTS, tags=["provider events"])


async def inbox(connection: HTTPConnection) -> Inbox:
    """Reach the inbox in the application's database."""
    found: Inbox = connection.app.state.provider_events
    return found


InboxDep = Annotated[Inbox, Depends(inbox)]


@router.put("/{provider}/{event_id}", status_code=204, responses=responses(422))
async def keep_provider_event(
    provider: ProviderName, event_id: EventId, body: NewEvent, events: InboxDep
) -> None:
    """Keep what a webhook said; twice is once."""
    await events.keep([{"provider": provider, "event_id": event_id, **body.model_dump()}])


@router.get("/due", responses=responses(422))
async def list_due_provider_events(provider: ProviderName, events: InboxDep) -> list[DueEvent]:
    """List the events of a provider that are to be acted on."""
    return [*await events.due(provider)]


@router.put("/{event}", status_code=204, responses=responses(404, 422))
async def end_provider_event(event: UUID, body: EventOutcome, events: InboxDep) -> None:
    """Say what became of an event."""
    await events.end(event, body)

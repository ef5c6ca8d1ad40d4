from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis.webhooks import EventOutcome
from chassis.webhooks.inbox import Inbox
from chassis_communications.message_events import EVENTS, DueMessageEvent, MessageEventBatch

router = APIRouter(prefix=EVENTS, tags=["message events"])


async def message_events(connection: HTTPConnection) -> Inbox[DueMessageEvent]:
    """Reach the inbox in the application's database."""
    kept: Inbox[DueMessageEvent] = connection.app.state.message_events
    return kept


InboxDep = Annotated[Inbox[DueMessageEvent], Depends(message_events)]


@router.put("", status_code=204, responses=responses(422))
async def take_message_events(body: MessageEventBatch, kept: InboxDep) -> None:
    """Keep what a provider told; twice is once."""
    await kept.keep([event.model_dump() for event in body.items])


@router.get("/due", responses=responses(422))
async def list_due_message_events(kept: InboxDep) -> list[DueMessageEvent]:
    """List the events that are to be acted on."""
    return [*await kept.due()]


@router.put("/{event_id}", status_code=204, responses=responses(404, 422))
async def end_message_event(event_id: UUID, body: EventOutcome, kept: InboxDep) -> None:
    """Say what became of an event."""
    await kept.end(event_id, body)

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis.schemas import Page
from chassis_communications.data.message_events.repository import MessageEvents
from chassis_communications.message_events import (
    EVENTS,
    MessageEventBatch,
    MessageEventQuery,
    MessageEventRead,
)

router = APIRouter(prefix=EVENTS, tags=["message events"])


async def message_events(connection: HTTPConnection) -> MessageEvents:
    """Reach the events in the application's database."""
    kept: MessageEvents = connection.app.state.message_events
    return kept


MessageEventsDep = Annotated[MessageEvents, Depends(message_events)]


@router.put("", status_code=204, responses=responses(422))
async def take_message_events(body: MessageEventBatch, kept: MessageEventsDep) -> None:
    """Keep what a provider told; twice is once."""
    await kept.take(body.items)


@router.get("", responses=responses(422))
async def list_message_events(
    query: Annotated[MessageEventQuery, Query()], kept: MessageEventsDep
) -> Page[MessageEventRead]:
    """Select one page of events."""
    return await kept.list(query)


@router.put("/{event_id}/handled", responses=responses(404, 422))
async def handle_message_event(event_id: UUID, kept: MessageEventsDep) -> MessageEventRead:
    """Keep that an event was acted on; twice is once."""
    return await kept.handle(event_id)

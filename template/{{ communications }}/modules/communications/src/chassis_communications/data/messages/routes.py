from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis.schemas import Page
from chassis_communications.data.messages.repository import Messages
from chassis_communications.messages import (
    MESSAGES,
    CountQuery,
    MessageCount,
    MessageState,
    NewMessage,
    StoredMessageQuery,
    StoredMessageRead,
)

router = APIRouter(prefix=MESSAGES, tags=["messages"])


async def messages(connection: HTTPConnection) -> Messages:
    """Reach the messages in the application's database."""
    kept: Messages = connection.app.state.messages
    return kept


MessagesDep = Annotated[Messages, Depends(messages)]


@router.put("/{message_id}", responses=responses(409, 422))
async def queue_message(message_id: UUID, body: NewMessage, kept: MessagesDep) -> StoredMessageRead:
    """Queue a message, under an id that nobody has; twice is once."""
    return await kept.queue(message_id, body)


@router.get("", responses=responses(422))
async def list_messages(
    query: Annotated[StoredMessageQuery, Query()], kept: MessagesDep
) -> Page[StoredMessageRead]:
    """Select one page of messages."""
    return await kept.list(query)


@router.get("/count", responses=responses(422))
async def count_messages(query: Annotated[CountQuery, Query()], kept: MessagesDep) -> MessageCount:
    """Count what went to an address."""
    return MessageCount(number=await kept.sent_to(query.address_hash, query.since))


@router.get("/{message_id}", responses=responses(404, 422))
async def get_message(message_id: UUID, kept: MessagesDep) -> StoredMessageRead:
    """Get a message."""
    return await kept.get(message_id)


@router.put("/{message_id}/state", responses=responses(404, 409, 422))
async def set_message_state(
    message_id: UUID, body: MessageState, kept: MessagesDep
) -> StoredMessageRead:
    """Say what a message has come to; twice is once."""
    return await kept.advance(message_id, body)

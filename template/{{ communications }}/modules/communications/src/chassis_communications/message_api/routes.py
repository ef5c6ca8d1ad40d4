from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from chassis.problems import responses
from chassis.schemas import Page
from chassis_communications.kept_messages import KeptMessages
from chassis_communications.messages import (
    MESSAGES,
    MessageQuery,
    MessageRead,
    MessageRequest,
    StoredMessageQuery,
)
from chassis_communications.queueing import QueueMessage

router = APIRouter(prefix=MESSAGES, tags=["messages"])


async def kept_messages(request: Request) -> KeptMessages:
    """Reach what the data service keeps."""
    state = request.app.state
    return KeptMessages(state.http, state.settings.data_api_url)


KeptDep = Annotated[KeptMessages, Depends(kept_messages)]


@router.post(
    "",
    status_code=202,
    responses=responses(409, 422),
    openapi_extra={"x-acts-elsewhere": True},
)
async def send_message(
    body: MessageRequest, request: Request, response: Response, kept: KeptDep
) -> MessageRead:
    """Ask for a message; it is sent soon after. Under the same `key` it is the same message."""
    queued = await QueueMessage(kept, request.app.state.templates)(body, body.key)
    response.headers["Location"] = f"{MESSAGES}/{queued.id}"
    return _shown(queued)


@router.get("", responses=responses(422))
async def list_messages(
    query: Annotated[MessageQuery, Query()], kept: KeptDep
) -> Page[MessageRead]:
    """List messages, and what has become of them."""
    page = await kept.list(StoredMessageQuery(**query.model_dump()))
    return Page(items=[_shown(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/{message_id}", responses=responses(404, 422))
async def get_message(message_id: UUID, kept: KeptDep) -> MessageRead:
    """Get a message, and what has become of it."""
    return _shown(await kept.get(message_id))


def _shown(message: MessageRead) -> MessageRead:
    return MessageRead.model_validate(message.model_dump(include=set(MessageRead.model_fields)))

from typing import TYPE_CHECKING, Annotated
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

if TYPE_CHECKING:
    from chassis_communications.templates import Templates

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
    """Ask for a message; it is sent soon after. Under the same `key` of yours it is the same message."""
    caller = getattr(request.scope.get("user"), "identity", "")
    # Neither a key nor the name of a rule has a line break: what is whose cannot be mistaken.
    key = body.key and f"{caller}\n{body.key}"
    queued = await QueueMessage(kept, request.app.state.templates)(body, key)
    response.headers["Location"] = f"{MESSAGES}/{queued.id}"
    return _shown(queued, request)


@router.get("", responses=responses(422))
async def list_messages(
    query: Annotated[MessageQuery, Query()], request: Request, kept: KeptDep
) -> Page[MessageRead]:
    """List messages, and what has become of them."""
    page = await kept.list(StoredMessageQuery(**query.model_dump()))
    return Page(items=[_shown(one, request) for one in page.items], next_cursor=page.next_cursor)


@router.get("/{message_id}", responses=responses(404, 422))
async def get_message(message_id: UUID, request: Request, kept: KeptDep) -> MessageRead:
    """Get a message, and what has become of it."""
    return _shown(await kept.get(message_id), request)


def _shown(message: MessageRead, request: Request) -> MessageRead:
    templates: Templates = request.app.state.templates
    shown = message.model_dump(include=set(MessageRead.model_fields))
    if templates.hides(message.template):
        shown["data"] = {}
    return MessageRead.model_validate(shown)

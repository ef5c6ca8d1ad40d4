from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.requests import HTTPConnection

from chassis.bot_webhook.telling import (
    LARGEST_ID,
    PATH,
    BotUpdateRead,
    BotUpdatesDone,
    NewBotUpdate,
    UpdateId,
)
from chassis.problems import responses
from chassis_bot.data.bot_updates.inbox import UpdateInbox

router = APIRouter(prefix=PATH, tags=["bot updates"])


async def update_inbox(connection: HTTPConnection) -> UpdateInbox:
    """Reach the inbox in the application's database."""
    inbox: UpdateInbox = connection.app.state.bot_updates
    return inbox


InboxDep = Annotated[UpdateInbox, Depends(update_inbox)]


@router.get("/waiting", responses=responses(422))
async def list_waiting_bot_updates(
    inbox: InboxDep, after: Annotated[int, Query(ge=-1, le=LARGEST_ID)] = -1
) -> list[BotUpdateRead]:
    """List updates that the bot has not handled, the first by their numbers after this one."""
    return [*await inbox.waiting(after)]


@router.put("/done", status_code=204, responses=responses(422))
async def end_bot_updates(body: BotUpdatesDone, inbox: InboxDep) -> None:
    """Say that updates are done; twice is once."""
    await inbox.end(body.update_ids)


@router.put("/{update_id}", status_code=204, responses=responses(422))
async def keep_bot_update(
    update_id: Annotated[UpdateId, Path()], body: NewBotUpdate, inbox: InboxDep
) -> None:
    """Keep an update; twice is once."""
    await inbox.keep(update_id, body.body)

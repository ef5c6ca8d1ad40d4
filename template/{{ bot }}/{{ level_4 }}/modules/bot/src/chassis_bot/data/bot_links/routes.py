from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.requests import HTTPConnection

from chassis.bot_linking.links import (
    PATH,
    Account,
    BotLinkChat,
    BotLinkNew,
    BotLinkQuery,
    BotLinkRead,
    PrivateChat,
)
from chassis.problems import responses
from chassis.schemas import Exact, FromText, Page
from chassis_bot.data.bot_links.repository import BotLinks

router = APIRouter(prefix=PATH, tags=["bot links"])


async def bot_links(connection: HTTPConnection) -> BotLinks:
    """Reach the links in the application's database."""
    links: BotLinks = connection.app.state.bot_links
    return links


BotLinksDep = Annotated[BotLinks, Depends(bot_links)]


@router.post("", status_code=201, responses=responses(409, 422))
async def create_bot_link(body: BotLinkNew, response: Response, links: BotLinksDep) -> BotLinkRead:
    """Insert a link that waits for a chat; another one of the account that waits is gone then."""
    made = await links.wait(body)
    response.headers["Location"] = f"{PATH}/{made.id}"
    return made


@router.get("", responses=responses(422))
async def list_bot_links(
    query: Annotated[BotLinkQuery, Query()], links: BotLinksDep
) -> Page[BotLinkRead]:
    """Select one page of links."""
    return await links.list(query)


@router.put("/{link_id}/chat", responses=responses(404, 409, 412, 422))
async def set_chat_of_bot_link(link_id: UUID, body: BotLinkChat, links: BotLinksDep) -> BotLinkRead:
    """Give a link that waits the chat that it is for, once."""
    return await links.take(link_id, body)


@router.get("/chats/{chat}", responses=responses(404, 422))
async def get_bot_link_of_chat(chat: PrivateChat, links: BotLinksDep) -> BotLinkRead:
    """Select the link of a chat, while it is good, with the roles that the account has now."""
    return await links.of_chat(chat)


@router.delete("/{link_id}", status_code=204, responses=responses(404, 412, 422))
async def delete_bot_link(
    link_id: UUID,
    links: BotLinksDep,
    account: Annotated[Annotated[Account, Exact()] | None, Query()] = None,
    *,
    waiting: Annotated[Annotated[bool, Exact()], FromText(), Query()] = False,
) -> None:
    """Delete a link, if it is of the account that is named, or waits: the chat acts as nobody then."""
    await links.end(link_id, account, waiting=waiting)

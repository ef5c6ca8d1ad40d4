from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis.schemas import Page
from chassis_bot.chats import PATH, BotChatQuery, BotChatRead, BotChatState, ChatNumber
from chassis_bot.data.bot_chats.repository import BotChats

router = APIRouter(prefix=PATH, tags=["bot chats"])


async def bot_chats(connection: HTTPConnection) -> BotChats:
    """Reach the chats in the application's database."""
    chats: BotChats = connection.app.state.bot_chats
    return chats


BotChatsDep = Annotated[BotChats, Depends(bot_chats)]


@router.put("/{chat}", responses=responses(422))
async def set_bot_chat(
    chat: Annotated[ChatNumber, Path()], body: BotChatState, chats: BotChatsDep
) -> BotChatRead:
    """Set what a chat wants, whatever it wanted before."""
    return await chats.replace(chat, body)


@router.get("", responses=responses(422))
async def list_bot_chats(
    query: Annotated[BotChatQuery, Query()], chats: BotChatsDep
) -> Page[BotChatRead]:
    """Select one page of chats."""
    return await chats.list(query)

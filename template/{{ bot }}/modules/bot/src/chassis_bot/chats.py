"""Chats, as the data service keeps them for bots: who wants to hear of what is new."""

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from chassis.schemas import Answer, Exact, FromText, ListQuery, Schema

PATH = "/api/v1/bot-chats"
LARGEST = 2**53 - 1
"""Telegram's ids have at most 52 bits."""

ChatNumber = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
BotChatSort = Literal["created_at", "-created_at"]


class BotChatState(Schema):
    """What a chat wants, whatever it wanted before."""

    subscribed: Annotated[bool, Exact()]
    blocked: Annotated[bool, Exact()] = False
    """It takes nothing from the bot any more."""
    language: Annotated[str, Field(max_length=10), Exact()] | None = None


class BotChatRead(Answer):
    """A chat as it is kept."""

    id: UUID
    chat: int
    language: str | None
    subscribed: bool
    blocked_at: dt.datetime | None
    created_at: dt.datetime
    updated_at: dt.datetime


class BotChatQuery(ListQuery):
    """Which chats a list shows."""

    sort: BotChatSort = "created_at"
    subscribed: Annotated[Annotated[bool, Exact()] | None, FromText()] = None

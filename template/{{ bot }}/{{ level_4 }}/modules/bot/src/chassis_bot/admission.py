"""Admission: a bot does for a chat what the account may that is linked to it, and tells no other anything.

A chat that the settings name is answered without an account: there the bot does what it does as the
service that it is, and whoever may talk to it may do all of that.
"""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from pydantic import Field
from pydantic_settings import BaseSettings

from chassis.bot_linking.links import LinkTokens
from chassis.feature import no_lifespan
from chassis.http_client import raise_for_problem
from chassis.identity import acting_as, current
from chassis_bot.linked import SAID, Linking, Links

if TYPE_CHECKING:  # aiogram takes seconds to load, and every run of tests loads this
    from collections.abc import AsyncIterator

    from aiogram.types import Update, User
    from pydantic import SecretStr

    from chassis_bot.process import ChatBot

__all__ = ["Settings", "install", "lifespan"]

UNREADABLE = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})

logger = logging.getLogger(__name__)


class Settings(BaseSettings):
    """Settings of the admission."""

    bot_chats: frozenset[int] = frozenset()
    """The chats that are answered without an account."""
    bot_link_life: float = Field(default=30 * 24 * 60 * 60, gt=0)
    """Seconds after which a chat must be linked to its account again."""


class BotSettings(Protocol):
    """What is needed of the settings of a bot."""

    bot_chats: frozenset[int]
    bot_link_life: float
    api_url: str
    data_api_url: str
    service_key: SecretStr
    service_key_also: SecretStr


def install(bot: ChatBot, settings: BotSettings) -> None:
    """Have chats act as the accounts that are linked to them, and turn away whoever is not known."""
    from chassis_bot.polling import chat_of, event_of  # noqa: PLC0415
    from chassis_bot.texts import chosen  # noqa: PLC0415

    http, service = bot.state.http, bot.state.service.name
    keys = (settings.service_key.get_secret_value(), settings.service_key_also.get_secret_value())
    links = Links(http, settings.data_api_url)

    async def say(chat: int, user: User | None, name: str) -> None:
        text = chosen(bot.languages, user).more.get(name, SAID[name])
        await bot.api.send_message(chat, text.format(chat=chat))

    linking = Linking(links, LinkTokens(*keys), settings.bot_link_life, say, service)

    @asynccontextmanager
    async def entered(chat: int) -> AsyncIterator[bool]:
        link = await links.of(chat)
        with acting_as(linking.principal(link) if link else None):
            yield link is not None or admits(settings, chat)

    async def may_read(path: str) -> bool:
        if current() is None:
            return True  # as it always was in the chats that the settings name
        reply = await http.get(f"{settings.api_url.rstrip('/')}{path}")
        if reply.status in UNREADABLE:
            return False
        raise_for_problem(reply)
        return True

    async def turn_away(update: Update) -> None:
        logger.warning("A chat is turned away: it has no account, and is not in BOT_CHATS")
        if chat := chat_of(update):
            await say(chat, getattr(event_of(update), "from_user", None), "not_admitted")

    bot.handling.first.append(linking)
    bot.handling.entered = entered
    bot.handling.may_read = may_read
    bot.handling.turn_away = turn_away


lifespan = no_lifespan


def admits(settings: BotSettings, chat: int) -> bool:
    """Tell whether a chat is answered without an account."""
    return chat in settings.bot_chats

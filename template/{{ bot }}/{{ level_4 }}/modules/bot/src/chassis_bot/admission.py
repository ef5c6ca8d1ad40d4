"""Admission: a bot answers the chats that its settings name, and tells nobody else anything.

What the bot does, it does as the service that it is: whoever may talk to it may do all of that.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pydantic_settings import BaseSettings

from chassis.feature import no_lifespan

if TYPE_CHECKING:  # aiogram takes seconds to load, and every run of tests loads this
    from chassis_bot.process import ChatBot

__all__ = ["Settings", "install", "lifespan"]

NOT_ADMITTED = "This bot does not know this chat. Its number, for those who run the bot: {chat}"

logger = logging.getLogger(__name__)


class Settings(BaseSettings):
    """Settings of the admission."""

    bot_chats: frozenset[int] = frozenset()
    """The chats that are answered; any other is only told its number."""


def install(bot: ChatBot, settings: Settings) -> None:
    """Turn away whoever is not named."""

    async def turn_away(chat: int) -> None:
        logger.warning("A chat is turned away: it is not in BOT_CHATS")
        if chat:
            await bot.api.send_message(chat, NOT_ADMITTED.format(chat=chat))

    bot.handling.admits = lambda chat: admits(settings, chat)
    bot.handling.turn_away = turn_away


lifespan = no_lifespan


def admits(settings: Settings, chat: int) -> bool:
    """Tell whether a chat is answered."""
    return chat in settings.bot_chats

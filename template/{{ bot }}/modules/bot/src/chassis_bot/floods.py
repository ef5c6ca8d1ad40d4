"""What Telegram does not take just now: a chat that is flooded waits, and no other does."""

import asyncio
import logging
import time
from typing import Any, cast

from aiogram import Bot
from aiogram.client.session.middlewares.base import (
    BaseRequestMiddleware,
    NextRequestMiddlewareType,
)
from aiogram.exceptions import TelegramBadRequest, TelegramMigrateToChat, TelegramRetryAfter
from aiogram.methods import Response, TelegramMethod

logger = logging.getLogger(__name__)

# What an update that is handled again asks for once more, and what came too late: both are done with.
_DONE_ALREADY = ("message is not modified", "query is too old")


class FloodControl(BaseRequestMiddleware):
    """Sends again when Telegram says that it may be sent, and where a group has moved to.

    What would have to wait for longer than the patience raises TelegramRetryAfter, and so does all
    else to that chat until then.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._closed: dict[str, float] = {}

    async def __call__[T](
        self, make_request: NextRequestMiddlewareType[T], bot: Bot, method: TelegramMethod[T]
    ) -> Response[T]:
        """Make a call, when its chat is open."""
        deadline = time.monotonic() + self._patience
        while True:
            await self._open(method, deadline)
            try:
                return await make_request(bot, method)
            except TelegramRetryAfter as error:
                logger.warning("Telegram wants %s s of silence in a chat", error.retry_after)
                self._closed[_chat(method)] = time.monotonic() + error.retry_after
            except TelegramMigrateToChat as error:
                logger.info("A group has become a supergroup")
                method = method.model_copy(update={"chat_id": error.migrate_to_chat_id})
            except TelegramBadRequest as error:
                if not any(known in error.message for known in _DONE_ALREADY):
                    raise
                return cast("Response[T]", True)  # noqa: FBT003  # as Telegram answers

    async def _open(self, method: TelegramMethod[Any], deadline: float) -> None:
        """Wait until a chat may be written to."""
        while (opens := self._closed.get(_chat(method), 0)) > (now := time.monotonic()):
            if opens > deadline:
                raise TelegramRetryAfter(method, "flooded", retry_after=int(opens - now) + 1)
            await asyncio.sleep(opens - now)
        self._closed.pop(_chat(method), None)


def _chat(method: TelegramMethod[Any]) -> str:
    """Name the chat that a call is about; calls about none have a queue of their own."""
    return str(getattr(method, "chat_id", ""))

"""Updates as they come: asked for, handled at least once, and confirmed when they are done.

A request for updates confirms all before its offset. So the offset is that of the first update that
is still in hand, and an update that a dead process had in hand comes again. Chats are handled side
by side, the updates of one chat in order. One that takes long holds up its own chat only: meanwhile
others are asked for every moment.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from aiogram import Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramConflictError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetUpdates
from aiogram.types import TelegramObject, Update
from aiogram.types.update import UpdateTypeLookupError

from chassis_bot.settings import NoTokenError, Settings

logger = logging.getLogger(__name__)

OTHERS_WAIT_S = 0.5
"""So long a batch may take before others are asked for."""
REFUSED = "the Bot API server does not accept the token: BOT_TOKEN must be the one of @BotFather"
TWO = "another process takes this bot's updates, or they go to a webhook"

_LONGEST_PAUSE_S = 30
_MARGIN_S = 10
_MOST = 100

type Handle = Callable[[Update], Awaitable[None]]
"""Handles an update; raises nothing."""


class Polling:
    """Takes updates until it is cancelled."""

    def __init__(self, bot: Bot, handle: Handle, settings: Settings) -> None:
        self.trouble = "No updates were asked for yet."
        """Why none come; empty where they do."""
        self.kinds: Sequence[str] = ()
        """What is asked for, as Telegram calls it."""
        self._bot = bot
        self._handle = handle
        self._settings = settings
        self._after = 0
        """Follows the last one that was taken."""
        self._in_hand: dict[int, asyncio.Task[None]] = {}
        self._done: set[int] = set()
        self._last: dict[int, asyncio.Task[None]] = {}
        self._waiting: Counter[int] = Counter()

    async def run(self) -> None:
        """Take updates; raises NoTokenError. When cancelled, those in hand are finished first."""
        failures = 0
        try:
            while True:
                try:
                    await self._batch()
                except TelegramAPIError as error:
                    failures += 1
                    await asyncio.sleep(self._pause(error, failures))
                else:
                    failures = 0
        finally:
            await self._finish()

    async def _batch(self) -> None:
        for update in await self._asked(0 if self._in_hand else self._settings.bot_poll_time):
            if update.update_id not in self._in_hand and update.update_id not in self._done:
                self._take(update)
        self.trouble = ""
        if self._in_hand:
            await asyncio.wait(self._in_hand.values(), timeout=OTHERS_WAIT_S)

    async def _asked(self, seconds: int) -> list[Update]:
        offset = min(self._in_hand, default=self._after)
        self._done = {done for done in self._done if done >= offset}
        asked = GetUpdates(
            offset=offset, limit=_MOST, timeout=seconds, allowed_updates=list(self.kinds)
        )
        return await self._bot(asked, request_timeout=seconds + _MARGIN_S)

    def _take(self, update: Update) -> None:
        """Handle an update after those that its chat sent before."""
        self._after = update.update_id + 1
        chat = chat_of(update)
        if self._waiting[chat] >= self._settings.bot_lane:
            logger.warning("A chat sends too much at once: %d is left out", update.update_id)
            self._done.add(update.update_id)
            return
        task = asyncio.create_task(self._in_turn(update, self._last.get(chat)))
        self._in_hand[update.update_id] = self._last[chat] = task
        self._waiting[chat] += 1
        task.add_done_callback(lambda ended: self._settle(ended, update.update_id, chat))

    async def _in_turn(self, update: Update, before: asyncio.Task[None] | None) -> None:
        if before:
            await asyncio.wait([before])
        await self._handle(update)

    def _settle(self, ended: asyncio.Task[None], update_id: int, chat: int) -> None:
        self._waiting[chat] -= 1
        if self._last[chat] is ended:
            del self._last[chat], self._waiting[chat]
        if not ended.cancelled():  # else it is not confirmed, and comes again
            del self._in_hand[update_id]
            self._done.add(update_id)

    def _pause(self, error: TelegramAPIError, failures: int) -> float:
        """Say how long to leave the server alone."""
        match error:
            case TelegramUnauthorizedError() | TelegramNotFound():
                raise NoTokenError(REFUSED) from None
            case TelegramConflictError():
                self.trouble = TWO
            case _:
                self.trouble = f"{type(error).__name__}: {error.message}"
        logger.warning("No updates: %s", self.trouble)
        if isinstance(error, TelegramRetryAfter):
            return error.retry_after
        return min(2.0 ** min(failures - 1, 10), _LONGEST_PAUSE_S)

    async def _finish(self) -> None:
        """Finish what is in hand, and confirm it: nobody else needs to do it again."""
        if self._in_hand:
            await asyncio.wait(self._in_hand.values(), timeout=self._settings.bot_stop_timeout)
        left = list(self._in_hand.values())
        for task in left:
            task.cancel()
        if left:
            logger.warning("Stopped in the middle of %d updates, which come again", len(left))
            await asyncio.wait(left)
        if self._after:
            offset = min(self._in_hand, default=self._after)
            try:
                await self._bot(
                    GetUpdates(offset=offset, limit=1, timeout=0), request_timeout=_MARGIN_S
                )
            except TelegramAPIError:
                logger.warning("What is done could not be confirmed, and comes again")


def chat_of(update: Update) -> int:
    """Give the chat that an update came from, or its sender where there is none; else 0."""
    event = event_of(update)
    message = getattr(event, "message", None) or event
    chat = getattr(message, "chat", None) or getattr(event, "from_user", None)
    return chat.id if chat else 0


def event_of(update: Update) -> TelegramObject | None:
    """Give what has happened; None if it is of a kind that is not known here."""
    try:
        return update.event
    except UpdateTypeLookupError:
        return None

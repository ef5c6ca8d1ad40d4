"""Updates as they come: taken, handled at least once, and confirmed when they are done.

Chats are handled side by side, the updates of one chat in order. One that takes long holds up its
own chat only: meanwhile others are asked for every moment. Where they come from is a ``Source``.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from aiogram.types import TelegramObject, Update
from aiogram.types.update import UpdateTypeLookupError

from chassis_bot.settings import Settings
from chassis_bot.source import NoUpdates, Source

logger = logging.getLogger(__name__)

OTHERS_WAIT_S = 0.5
"""So long a batch may take before others are asked for."""

_LONGEST_PAUSE_S = 30

type Handle = Callable[[Update], Awaitable[None]]
"""Handles an update; raises nothing."""


class Polling:
    """Takes updates until it is cancelled."""

    def __init__(self, source: Source, handle: Handle, settings: Settings) -> None:
        self.trouble = "No updates were asked for yet."
        """Why none come; empty where they do."""
        self.kinds: Sequence[str] = ()
        """What is asked for, as Telegram calls it."""
        self.source = source
        """Where updates come from; a feature may put another one in its place."""
        self._handle = handle
        self._settings = settings
        self._in_hand: dict[int, asyncio.Task[None]] = {}
        self._last: dict[int, asyncio.Task[None]] = {}
        self._waiting: Counter[int] = Counter()

    async def run(self) -> None:
        """Take updates; raises NoTokenError. When cancelled, those in hand are finished first."""
        failures, has_begun = 0, False
        try:
            while True:
                try:
                    if not has_begun:
                        await self.source.begin(self.kinds)
                        has_begun = True
                    await self._batch()
                except NoUpdates as reason:
                    failures += 1
                    self.trouble = str(reason)
                    logger.warning("No updates: %s", reason)
                    pause_s = min(2.0 ** min(failures - 1, 10), _LONGEST_PAUSE_S)
                    await asyncio.sleep(pause_s if reason.pause_s is None else reason.pause_s)
                else:
                    failures = 0
        finally:
            await self._finish()

    async def _batch(self) -> None:
        seconds = 0 if self._in_hand else self._settings.bot_poll_time
        for update in await self.source.ask(self._in_hand, seconds):
            self._take(update)
        self.trouble = self.source.trouble
        if self._in_hand:
            await asyncio.wait(self._in_hand.values(), timeout=OTHERS_WAIT_S)

    def _take(self, update: Update) -> None:
        """Handle an update after those that its chat sent before."""
        chat = chat_of(update)
        if self._waiting[chat] >= self._settings.bot_lane:
            logger.warning("A chat sends too much at once: %d is left out", update.update_id)
            self.source.done(update.update_id)
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
            self.source.done(update_id)

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
        try:
            await self.source.end(self._in_hand)
        except NoUpdates:
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

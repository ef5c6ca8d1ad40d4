import asyncio
import logging
import time
from collections.abc import Collection, Sequence

from aiogram import Bot
from aiogram.types import Update
from pydantic import ValidationError

from chassis.bot_webhook.telling import MOST, BotUpdateRead
from chassis.problems import ProblemError
from chassis.problems.telling import described
from chassis_bot.inbox.kept import KeptUpdates
from chassis_bot.inbox.turn import Turn
from chassis_bot.inbox.webhook import Webhook
from chassis_bot.source import NoUpdates

logger = logging.getLogger(__name__)

BELL_S = 0.2
"""Seconds after which it is asked again whether the bell has rung."""
CHECK_S = 60
"""Seconds after which Telegram is asked again whether it can send."""
MOST_IN_HAND = 10 * MOST
"""Updates that one process handles at the same time: as long as it has so many, it takes no more."""
SLOW = "the Bot API server does not answer in time"

_PAUSE_S = 1


class Inbox:
    """Takes updates from the inbox. Each is confirmed by itself: they come in any order."""

    def __init__(self, bot: Bot, webhook: Webhook, kept: KeptUpdates, turn: Turn) -> None:
        self.trouble = ""
        self._bot = bot
        self._webhook = webhook
        self._kept = kept
        self._turn = turn
        self._done: set[int] = set()
        self._check_at = 0.0

    async def begin(self, kinds: Sequence[str]) -> None:
        """Have Telegram send updates to the webhook."""
        await self._webhook.set(kinds)
        self._check_at = time.monotonic() + CHECK_S

    async def ask(self, in_hand: Collection[int], seconds: int) -> Sequence[Update]:
        """Look into the inbox when the bell has rung, and also now and then without."""
        end = time.monotonic() + seconds
        while True:
            new = await self.look(in_hand)
            if new or await self._is_told_otherwise() or (left := end - time.monotonic()) <= 0:
                return new
            await self._called(min(left, self._turn.lease_s / 3))

    async def look(self, in_hand: Collection[int]) -> Sequence[Update]:
        """Confirm what is done, and give what is new; raises NoUpdates."""
        await self._turn.take()
        try:
            await self._confirm()
            return await self._new(in_hand) if len(in_hand) < MOST_IN_HAND else []
        except ProblemError as error:
            raise NoUpdates(f"the inbox is away: {described(error)}", _PAUSE_S) from None

    async def _new(self, in_hand: Collection[int]) -> Sequence[Update]:
        """Give the first that are new; what a few chats have waiting hides nothing of the others."""
        after = -1
        while waiting := await self._kept.waiting(after):
            known = {*in_hand, *self._done}  # some may have been done since they were asked for
            read = [self._read(one) for one in waiting if one.update_id not in known]
            if new := [one for one in read if one is not None]:
                return new
            after = waiting[-1].update_id
        return []

    def done(self, update_id: int) -> None:
        """Take note that an update need not come again."""
        self._done.add(update_id)

    async def end(self, _in_hand: Collection[int]) -> None:
        """Confirm what is done, and let another process have the rest at once."""
        try:
            await self._confirm()
        except ProblemError as error:
            raise NoUpdates(described(error)) from None
        finally:
            await self._turn.give_back()

    async def let_go(self) -> None:
        """Let another process have the inbox: nothing of it is in hand."""
        await self._turn.give_back()

    async def _confirm(self) -> None:
        while self._done:
            some = sorted(self._done)[:MOST]
            await self._kept.end(some)
            self._done.difference_update(some)

    def _read(self, waiting: BotUpdateRead) -> Update | None:
        try:
            return Update.model_validate_json(waiting.body, context={"bot": self._bot})
        except ValidationError:
            logger.warning("Update %d is none that is known here: left out", waiting.update_id)
            self.done(waiting.update_id)
            return None

    async def _is_told_otherwise(self) -> bool:
        """Ask Telegram now and then whether it can send; tell whether that has changed."""
        before, now = self.trouble, time.monotonic()
        if now >= self._check_at:
            self._check_at = now + CHECK_S
            self.trouble = await self._told()
            if self.trouble:
                logger.warning("Updates may be missing: %s", self.trouble)
        return self.trouble != before

    async def _told(self) -> str:
        """Ask what keeps Telegram from sending; meanwhile nothing is taken, so not for long."""
        try:
            async with asyncio.timeout(self._turn.lease_s / 3):
                return await self._webhook.trouble()
        except TimeoutError:
            return SLOW

    async def _called(self, seconds: float) -> None:
        """Wait until the bell rings, and no longer than that."""
        end = time.monotonic() + seconds
        while not await self._turn.is_called() and time.monotonic() < end:  # noqa: ASYNC110  # in Redis
            await asyncio.sleep(min(BELL_S, seconds))

import logging
import time
from collections.abc import Collection, Sequence

from aiogram.types import Update

from chassis_bot.inbox.taking import Inbox
from chassis_bot.source import NoUpdates, Source, Taken

logger = logging.getLogger(__name__)

AGAIN_S = 60
"""Seconds after which the inbox is looked into again: what was on its way to it may have come late."""


class LeftFirst:
    """Gives what a webhook has left in the inbox, and then what another source has.

    From one to the other it goes only when nothing is in hand: what is done is told to whom it came from.
    """

    def __init__(self, inbox: Inbox, then: Source) -> None:
        self._inbox = inbox
        self._then = then
        self._now: Source = inbox
        self._look_at = 0.0

    @property
    def trouble(self) -> str:
        """Say what keeps updates from coming."""
        return self._then.trouble

    async def begin(self, kinds: Sequence[str]) -> None:
        """End the webhook: nothing more is put into the inbox."""
        await self._then.begin(kinds)

    async def ask(self, in_hand: Collection[int], seconds: int) -> Sequence[Update]:
        """Empty the inbox first."""
        if not in_hand and time.monotonic() >= self._look_at:
            self._now = self._inbox
        if self._now is self._inbox:
            left = await self._left(in_hand)
            if left or in_hand:
                return left
            await self._inbox.let_go()
            self._now, self._look_at = self._then, time.monotonic() + AGAIN_S
        try:
            return await self._now.ask(in_hand, seconds)
        except Taken:  # by a webhook: what it has put into the inbox comes first
            self._look_at = 0.0
            raise

    def done(self, update_id: int) -> None:
        """Take note that an update need not come again."""
        self._now.done(update_id)

    async def end(self, in_hand: Collection[int]) -> None:
        """Confirm what is done in both."""
        try:
            await self._inbox.end(in_hand)
        finally:
            await self._then.end(in_hand if self._now is self._then else ())

    async def _left(self, in_hand: Collection[int]) -> Sequence[Update]:
        """Look into the inbox; the chats go on if that is not possible now.

        Raises Taken while another process has it: what that one leaves is older than what is asked for.
        """
        try:
            return await self._inbox.look(in_hand)
        except Taken:
            raise
        except NoUpdates as reason:
            logger.warning("What the webhook has left is handled later: %s", reason)
            return []

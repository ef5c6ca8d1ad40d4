"""Updates that the Bot API server is asked for.

A request for updates confirms all before its offset. So the offset is that of the first update that
is still in hand, and an update that a dead process had in hand comes again.
"""

from collections.abc import Collection, Sequence

from aiogram import Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramConflictError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import DeleteWebhook, GetUpdates, TelegramMethod
from aiogram.types import Update

from chassis_bot.settings import NoTokenError
from chassis_bot.source import NoUpdates, Taken

REFUSED = "the Bot API server does not accept the token: BOT_TOKEN must be the one of @BotFather"
TWO = "another process takes this bot's updates, or they go to a webhook"

_MARGIN_S = 10
_MOST = 100


class Asking:
    """Asks the Bot API server; it gives updates to one who asks."""

    def __init__(self, bot: Bot) -> None:
        self.trouble = ""
        self._bot = bot
        self._kinds: list[str] = []
        self._is_taken = False
        self._after = 0
        """Follows the last one that was given."""
        self._done: set[int] = set()

    async def begin(self, kinds: Sequence[str]) -> None:
        """Have updates wait until they are asked for."""
        self._kinds = list(kinds)
        await called(self._bot, DeleteWebhook())
        self._is_taken = False

    async def ask(self, in_hand: Collection[int], seconds: int) -> Sequence[Update]:
        """Ask for updates from the first on that is not done."""
        if self._is_taken:  # a bot that was about to stop may have set its webhook again
            await self.begin(self._kinds)
        offset = min(in_hand, default=self._after)
        self._done = {done for done in self._done if done >= offset}
        asked = GetUpdates(offset=offset, limit=_MOST, timeout=seconds, allowed_updates=self._kinds)
        try:
            given = await called(self._bot, asked, seconds + _MARGIN_S)
        except Taken:
            self._is_taken = True
            raise
        known = {*in_hand, *self._done}  # some may have been done since they were asked for
        new = [one for one in given if one.update_id not in known]
        if new:
            self._after = new[-1].update_id + 1
        return new

    def done(self, update_id: int) -> None:
        """Take note that an update need not come again."""
        self._done.add(update_id)

    async def end(self, in_hand: Collection[int]) -> None:
        """Confirm what is done: nobody else needs to do it again."""
        if self._after:
            offset = min(in_hand, default=self._after)
            await called(self._bot, GetUpdates(offset=offset, limit=1, timeout=0), _MARGIN_S)


async def called[T](bot: Bot, method: TelegramMethod[T], timeout_s: int = _MARGIN_S) -> T:
    """Call the Bot API server; raises NoUpdates with what it says, Taken among them, and NoTokenError."""
    try:
        return await bot(method, request_timeout=timeout_s)
    except (TelegramUnauthorizedError, TelegramNotFound):
        raise NoTokenError(REFUSED) from None
    except TelegramConflictError:
        raise Taken(TWO) from None
    except TelegramRetryAfter as error:
        raise NoUpdates(f"it wants silence for {error.retry_after} s", error.retry_after) from None
    except TelegramAPIError as error:
        raise NoUpdates(f"{type(error).__name__}: {error.message}") from None

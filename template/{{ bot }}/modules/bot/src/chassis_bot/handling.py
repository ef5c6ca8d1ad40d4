"""What becomes of an update: done, tried again, or given up."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    ExitStack,
    asynccontextmanager,
)
from enum import Enum, auto

from aiogram.exceptions import TelegramAPIError, TelegramForbiddenError, TelegramRetryAfter
from aiogram.types import Update

from chassis.problems import ProblemError
from chassis.problems.telling import described
from chassis_bot.polling import chat_of
from chassis_bot.records import NotAllowed
from chassis_bot.settings import Settings

logger = logging.getLogger(__name__)

type Scope = Callable[[Update], AbstractContextManager[object]]
"""Entered while an update is handled."""


class Outcome(Enum):
    """What has become of an update."""

    DONE = auto()
    BLOCKED = auto()
    """The chat does not want to hear of the bot any more."""
    FLOODED = auto()
    """Telegram takes nothing for the chat for longer than anybody waits."""
    GIVEN_UP = auto()
    """Every attempt failed."""


async def _nothing(*_given: object) -> None:
    return


@asynccontextmanager
async def _everybody(_chat: int) -> AsyncIterator[bool]:
    yield True


async def _everything(_path: str) -> bool:
    return True


class Handling:
    """Handles each update, a bounded number of times."""

    def __init__(self, settings: Settings) -> None:
        self.feed: Callable[[Update], Awaitable[object]] = _nothing
        """Does what an update asks for; raises what it could not do."""
        self.scopes: list[Scope] = []
        """Entered, in this order, around the handling of each update."""
        self.observers: list[Callable[[Update, Outcome], None]] = []
        """Told what became of each."""
        self.first: list[Callable[[Update], Awaitable[bool]]] = []
        """Is given each update before it is known whether its chat may use the bot; says whether it has
        done what there is to do."""
        self.entered: Callable[[int], AbstractAsyncContextManager[bool]] = _everybody
        """Entered around all that is done for a chat; says whether it may use the bot."""
        self.may_read: Callable[[str], Awaitable[bool]] = _everything
        """Says whether the chat that is entered may read what is at a path of the business API."""
        self.turn_away: Callable[[Update], Awaitable[None]] = _nothing
        """Is told of what a chat did that may not."""
        self.apologise: Callable[[Update, Exception], Awaitable[None]] = _nothing
        """Tells a chat that its update is given up, and why."""
        self.left: Callable[[int], Awaitable[None]] = _nothing
        """Is told of a chat that has blocked the bot."""
        self._settings = settings

    async def __call__(self, update: Update) -> None:
        """Handle an update; nothing is raised, for it must not come for ever."""
        with ExitStack() as stack:
            for scope in self.scopes:
                stack.enter_context(scope(update))
            outcome = await self._outcome(update)
            for observer in self.observers:
                observer(update, outcome)

    async def _outcome(self, update: Update) -> Outcome:
        last: Exception = RuntimeError("no attempt")
        for attempt in range(1, self._settings.bot_attempts + 1):
            try:
                async with asyncio.timeout(self._settings.bot_update_time):
                    await self._handle(update)
            except NotAllowed as error:
                await self._give_up(update, error)
                return Outcome.DONE
            except TelegramForbiddenError:
                logger.info("Update %d: its chat has blocked the bot", update.update_id)
                await self._leave(update)
                return Outcome.BLOCKED
            except TelegramRetryAfter as error:
                logger.warning(
                    "Update %d: its chat is flooded for %d s", update.update_id, error.retry_after
                )
                return Outcome.FLOODED
            except Exception as error:  # noqa: BLE001  # whatever it is, it must not block others
                last = error
                await self._failed(update, attempt, error)
            else:
                return Outcome.DONE
        await self._give_up(update, last)
        return Outcome.GIVEN_UP

    async def _handle(self, update: Update) -> None:
        for takes in self.first:
            if await takes(update):
                return
        async with self.entered(chat_of(update)) as admitted:
            await (self.feed if admitted else self.turn_away)(update)

    async def _failed(self, update: Update, attempt: int, error: Exception) -> None:
        attempts = self._settings.bot_attempts
        # An expected error says all in one line.
        trace = None if isinstance(error, ProblemError) else error
        text = "Update %d failed for the %d. time of %d: %s"
        log = logger.error if attempt == attempts else logger.warning
        log(text, update.update_id, attempt, attempts, described(error), exc_info=trace)
        if attempt < attempts:
            await asyncio.sleep(self._settings.bot_retry_delay * 2 ** (attempt - 1))

    async def _leave(self, update: Update) -> None:
        try:
            await self.left(chat_of(update))
        except ProblemError as error:
            logger.warning("That a chat has blocked the bot is not noted: %s", described(error))

    async def _give_up(self, update: Update, error: Exception) -> None:
        try:
            await self.apologise(update, error)
        except TelegramAPIError as silence:
            logger.warning("Its chat does not know: %s", type(silence).__name__)

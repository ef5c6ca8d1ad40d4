"""A bot as a process: what its features and handlers see of it."""

import asyncio
import logging
from typing import TYPE_CHECKING

from aiogram.exceptions import (
    TelegramAPIError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)
from aiogram.types import BotCommand

from chassis.process import Process
from chassis_bot.asking import REFUSED, Asking
from chassis_bot.handling import Handling
from chassis_bot.polling import Polling
from chassis_bot.session import make_bot
from chassis_bot.settings import NoTokenError, Settings
from chassis_rabbitmq.consuming.limits import Limits
from chassis_rabbitmq.consuming.subscriptions import Subscriptions
from chassis_rabbitmq.topology import TopologyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chassis_bot.texts import Texts

logger = logging.getLogger(__name__)


class ChatBot(Process):
    """A process that handles updates; features are installed in it as in a web application.

    The settings are at ``bot.state.settings``. Raises NoTokenError.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(name, settings)
        self.api = make_bot(settings)
        """What calls of the Bot API are made with."""
        self.handling = Handling(settings)
        """What updates are handled with; a feature adds its scope there."""
        self.polling = Polling(Asking(self.api), self.handling, settings)
        self.subscriptions = Subscriptions(name, settings, Limits())
        """What it hears of in RabbitMQ."""
        self.menus = dict[str, list[BotCommand]]()
        """The commands that Telegram offers, by language; under no language for all others."""
        self.languages: Mapping[str, Texts] = {}
        """What it says, by language."""

    async def work(self) -> None:
        """Take updates until cancelled; what is in hand is finished first."""
        async with self.api.context():
            await self._introduce()
            listening = asyncio.create_task(self._listen())
            try:
                await self.polling.run()
            finally:
                listening.cancel()
                await asyncio.wait([listening])

    async def _listen(self) -> None:
        """Handle events as long as this runs; a chat does without them if it has to."""
        if not self.subscriptions.queues:
            return
        try:
            async with self.subscriptions.running():
                await asyncio.Event().wait()
        except TopologyError as error:
            logger.error("Nothing is announced: %s", error)  # noqa: TRY400  # it says all in one line

    async def _introduce(self) -> None:
        """Have Telegram offer the commands."""
        try:
            for language, menu in self.menus.items():
                await self.api.set_my_commands(menu, language_code=language or None)
        except (TelegramUnauthorizedError, TelegramNotFound):
            raise NoTokenError(REFUSED) from None
        except TelegramAPIError as error:
            logger.warning("Telegram does not know the commands: %s", type(error).__name__)

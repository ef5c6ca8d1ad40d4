"""What a feature of a bot is."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from chassis_bot.process import ChatBot


class BotFeature[SettingsT](Protocol):
    """As a feature of a web application is; many features of the chassis are both."""

    def install(self, bot: ChatBot, settings: SettingsT, /) -> None:
        """Add to a bot that is being built."""

    def lifespan(self, bot: ChatBot, settings: SettingsT, /) -> AbstractAsyncContextManager[None]:
        """Hold open what the feature needs while the bot runs."""

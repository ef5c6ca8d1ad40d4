"""Updates that Telegram sends to a webhook: they wait in an inbox, and the bot handles them from there.

Without an address for the webhook the bot asks for updates, and handles first what is in the inbox
from a time when it had one.
"""

import sys
from typing import Protocol

from pydantic import SecretStr

from chassis.feature import no_lifespan
from chassis_bot.inbox.kept import KeptUpdates
from chassis_bot.inbox.left import LeftFirst
from chassis_bot.inbox.settings import Settings
from chassis_bot.inbox.taking import Inbox
from chassis_bot.inbox.turn import Turn
from chassis_bot.inbox.webhook import Webhook, address_of
from chassis_bot.process import ChatBot

__all__ = ["Settings", "install", "lifespan"]


class BotSettings(Protocol):
    """What is needed of the settings of a bot."""

    bot_webhook_url: str
    bot_webhook_secret: SecretStr
    bot_webhook_connections: int
    bot_inbox_lease: float
    data_api_url: str
    redis_namespace: str


def install(bot: ChatBot, settings: BotSettings) -> None:
    """Take updates from the inbox; settings that are half given end the process with one line."""
    secret = settings.bot_webhook_secret.get_secret_value()
    try:
        address = address_of(settings.bot_webhook_url, secret)
    except ValueError as error:
        sys.exit(f"settings: {error}")
    webhook = Webhook(bot.api, address, secret, settings.bot_webhook_connections)
    inbox = Inbox(
        bot.api,
        webhook,
        KeptUpdates(bot.state.http, settings.data_api_url),
        Turn(bot.state.redis, settings.redis_namespace, settings.bot_inbox_lease),
    )
    bot.polling.source = inbox if address else LeftFirst(inbox, bot.polling.source)


lifespan = no_lifespan

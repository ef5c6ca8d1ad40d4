"""Probes of a bot: it lives, and it gets updates.

A bot adds what else has to work: ``bot.state.checks.add(...)``, and with ``optional=True`` what it
can do without.
"""

from chassis.probes import Settings, prepare
from chassis.probes import answered as lifespan
from chassis.problems import Unavailable
from chassis_bot.process import ChatBot

__all__ = ["Settings", "install", "lifespan"]

NO_RABBITMQ = "Is not connected."
_PING_S = 0.5


def install(bot: ChatBot, settings: Settings) -> None:
    """Add the checks of the Bot API, and of each service that the bot depends on."""
    prepare(bot, settings)

    async def check() -> None:
        if bot.polling.trouble:
            raise Unavailable(bot.polling.trouble)

    async def check_rabbitmq() -> None:
        if not await bot.subscriptions.broker.ping(timeout=_PING_S):
            raise Unavailable(NO_RABBITMQ)

    bot.state.checks.add("updates", check)
    bot.state.checks.add("rabbitmq", check_rabbitmq, optional=True)  # a chat does without

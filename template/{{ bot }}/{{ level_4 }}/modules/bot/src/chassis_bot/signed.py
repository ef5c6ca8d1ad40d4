"""Signed calls to the business API: there the bot may do what the policy allows the role `service`."""

from chassis.feature import no_lifespan
from chassis_bot.process import ChatBot
from chassis_bot.settings import Settings


def install(bot: ChatBot, settings: Settings) -> None:
    """Sign what is sent to it."""
    bot.state.signed_calls.to(settings.api_url)


lifespan = no_lifespan

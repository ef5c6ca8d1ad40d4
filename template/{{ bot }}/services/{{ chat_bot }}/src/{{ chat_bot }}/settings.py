"""Settings of the bot, read from the environment."""

from chassis_bot.features import BotSettings


class Settings(BotSettings):
    """What this bot is told besides what every bot is."""

"""The webhook of a bot: Telegram sends updates here, and the bot handles them when it can.

What proves that Telegram sends is a secret that the bot has given it. Each update is one row of an
inbox in the data service (``chassis_bot.data.bot_updates``), however often it comes; only then Telegram is
answered, which otherwise sends it again. A bell in Redis tells the bot that something has come.
"""

import sys

from fastapi import FastAPI
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from chassis.bot_webhook.keeping import BotUpdates
from chassis.bot_webhook.routes import router
from chassis.bot_webhook.telling import bell_of, check_secret
from chassis.feature import no_lifespan

__all__ = ["Settings", "install", "lifespan"]


class Settings(BaseSettings):
    """Settings of the webhook."""

    bot_webhook_secret: SecretStr = SecretStr("")
    """What Telegram proves itself with; without it nothing is taken."""


def install(app: FastAPI, settings: Settings) -> None:
    """Add the route; a secret that Telegram would not take ends the process with one line."""
    given, state = app.state.settings, app.state
    try:
        check_secret(settings.bot_webhook_secret.get_secret_value())
    except ValueError as error:
        sys.exit(f"settings: {error}")
    # The client of other services as it is here, without the cache that comes later.
    url, bell = str(getattr(given, "data_api_url", "")), bell_of(given.redis_namespace)
    state.bot_updates_kept = BotUpdates(state.http, url, state.redis, bell)
    app.include_router(router)


lifespan = no_lifespan

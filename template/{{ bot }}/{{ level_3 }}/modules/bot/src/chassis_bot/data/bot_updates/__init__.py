"""The inbox of a bot: updates that a webhook was told, each once, until the bot has handled them."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_bot.data.bot_updates.inbox import UpdateInbox
from chassis_bot.data.bot_updates.routes import router

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes."""
    app.state.bot_updates = UpdateInbox(app.state.database)
    app.include_router(router)


lifespan = no_lifespan

"""The inbox of a bot: updates that a webhook was told, each once, until the bot has handled them."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_bot.data.bot_updates import polls
from chassis_bot.data.bot_updates.inbox import UpdateInbox
from chassis_bot.data.bot_updates.routes import router

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes; what the bot asks is logged only where it fails."""
    app.state.bot_updates = UpdateInbox(app.state.database)
    app.include_router(router)
    polls.leave_out()


lifespan = no_lifespan

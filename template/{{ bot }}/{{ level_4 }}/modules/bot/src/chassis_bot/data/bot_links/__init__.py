"""Links between chats and accounts: made for an account, taken by one chat, once."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_bot.data.bot_links.repository import BotLinks
from chassis_bot.data.bot_links.routes import router

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes of the links."""
    app.state.bot_links = BotLinks(app.state.database)
    app.include_router(router)


lifespan = no_lifespan

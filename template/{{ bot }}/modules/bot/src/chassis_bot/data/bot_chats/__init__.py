"""Chats of bots: a bot says what a chat wants, and asks who wants to be told."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_bot.data.bot_chats.repository import BotChats
from chassis_bot.data.bot_chats.routes import router

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes of the chats."""
    app.state.bot_chats = BotChats(app.state.database)
    app.include_router(router)


lifespan = no_lifespan

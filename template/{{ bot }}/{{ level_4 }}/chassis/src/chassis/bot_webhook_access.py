"""The webhook of the bot is let in without a token, as what comes there has its secret."""

from fastapi import FastAPI

from chassis.bot_webhook.telling import WEBHOOK
from chassis.feature import no_lifespan

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Open its route, whatever the policy says of others."""
    app.state.rules.signed.add(f"POST {WEBHOOK}")


lifespan = no_lifespan

from pydantic import Field, PositiveFloat, SecretStr
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Settings of the webhook and its inbox."""

    bot_webhook_url: str = ""
    """Where Telegram reaches the business API, such as https://api.example.com; without it the bot
    asks for updates."""
    bot_webhook_secret: SecretStr = SecretStr("")
    """What Telegram proves itself with there; the business API has the same."""
    bot_webhook_connections: int = Field(default=40, ge=1, le=100)
    """Updates that Telegram sends at the same time."""
    bot_inbox_lease: PositiveFloat = 10
    """Seconds for which one process has the inbox to itself; it asks for more in time."""

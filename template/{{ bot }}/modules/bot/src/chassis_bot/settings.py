from typing import Annotated
from urllib.parse import urlsplit

from aiogram.utils.token import TokenValidationError, validate_token
from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, SecretStr
from pydantic_settings import SettingsConfigDict

from chassis_rabbitmq import rabbitmq_settings

MISSING = "BOT_TOKEN must be the bot's token, such as 123456:AbC-dEf, as @BotFather gives it"


class NoTokenError(Exception):
    """The token is missing, is none, or is not accepted."""


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        msg = "must be the address of a Bot API server, such as https://api.telegram.org"
        raise ValueError(msg)
    return text.rstrip("/")


class Settings(rabbitmq_settings.Settings):
    """Settings of a bot, and of the RabbitMQ that it listens to."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)  # the token is a key

    api_url: str = "http://127.0.0.1:8000"
    """Where the business API answers."""
    data_api_url: str = "http://127.0.0.1:8001"
    """Where the data service answers, which keeps the chats that want to be told what is new."""
    bot_server: Annotated[str, AfterValidator(_address), Field(repr=False)] = (
        "https://api.telegram.org"
    )
    """The Bot API server; its address may hold the token, before an @."""
    bot_token: SecretStr | None = None
    """The bot's token, where the address of the server has none."""
    bot_poll_time: PositiveInt = 25
    """Seconds that one request for updates waits for the first."""
    bot_update_time: PositiveFloat = 180
    """Seconds that one attempt to handle an update may take."""
    bot_flood_patience: PositiveFloat = 120
    """Seconds that a chat waits when Telegram says that too much is sent to it; else it is given up."""
    bot_attempts: PositiveInt = 3
    """How often an update is tried."""
    bot_retry_delay: PositiveFloat = 1
    """Seconds before an update is tried again; each further time takes twice as long."""
    bot_lane: PositiveInt = 20
    """Updates of one chat that may wait; more of them at once are left out."""
    bot_dialogue_ttl: PositiveInt = 24 * 60 * 60
    """Seconds that a dialogue is remembered after its last step."""
    bot_page_size: int = Field(default=8, ge=1, le=50)
    """Records on one page of a list."""
    bot_stop_timeout: PositiveFloat = 10
    """Seconds that updates in hand get to be finished when the bot stops."""

    def token(self) -> str:
        """Give the token; raises NoTokenError."""
        parts = urlsplit(self.bot_server)
        given = self.bot_token.get_secret_value() if self.bot_token else ""
        token = f"{parts.username}:{parts.password}" if parts.password else given
        try:
            validate_token(token)
        except TokenValidationError:
            raise NoTokenError(MISSING) from None
        return token

    def server(self) -> str:
        """Give the address of the server without the token."""
        parts = urlsplit(self.bot_server)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

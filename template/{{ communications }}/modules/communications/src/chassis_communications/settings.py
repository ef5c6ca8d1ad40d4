from pydantic import SecretStr
from pydantic_settings import BaseSettings


class CommonSettings(BaseSettings):
    """What both who sends and who is told of it have to know."""

    public_url: str = ""
    """Where providers and recipients reach the business API, such as https://api.example.com."""
    twilio_token: SecretStr | None = None
    """The auth token of the account at Twilio: of the calls to it, and of what it tells."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """What links in messages are made of."""

    messages_key: SecretStr | None = None
    """What links in messages are made of, 32 characters or more; without it no marketing is sent."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """What people have agreed to, and where SMS may go."""

    messages_key: SecretStr | None = None
    """What links in messages are made of, 32 characters or more; without it no marketing is sent."""
    sms_countries: tuple[str, ...] = Field(default=())
    """Beginnings of numbers that SMS may go to, such as +44; none allows all."""

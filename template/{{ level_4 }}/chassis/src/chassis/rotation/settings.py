from pydantic import PositiveFloat
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Settings of new secrets."""

    secrets_refresh: PositiveFloat = 30
    """Seconds after which files and Vault are read again."""

from typing import Literal

from pydantic import NonNegativeInt, PositiveFloat, SecretStr, field_validator
from pydantic_settings import BaseSettings

SHORTEST_KEY = 32


class Settings(BaseSettings):
    """Settings of who may call a service."""

    service_key: SecretStr = SecretStr("")
    """What services of this system sign their calls with: 32 characters or more. Without one, they
    accept no call from each other."""
    service_key_also: SecretStr = SecretStr("")
    """Another key by which calls are accepted, and none is signed: while `SERVICE_KEY` changes."""
    clock_leeway: NonNegativeInt = 5
    """Seconds by which clocks may differ."""
    connection_checked: PositiveFloat = 10
    """Seconds after which the token of a stream or a WebSocket that is open is looked at again."""
    auth_mode: Literal["enforce", "report"] = "enforce"
    """`report` refuses nothing, and logs what would have been refused: for the days in which clients
    learn to send tokens."""

    @field_validator("service_key", "service_key_also")
    @classmethod
    def check_length(cls, key: SecretStr) -> SecretStr:
        """Refuse a key that can be guessed."""
        if 0 < len(key.get_secret_value()) < SHORTEST_KEY:
            msg = f"must have {SHORTEST_KEY} characters or more; `make env` makes one"
            raise ValueError(msg)
        return key

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings

SHORTEST_KEY = 32


class Settings(BaseSettings):
    """What the data service has to know of messages."""

    addresses_key: SecretStr | None = None
    """What the digests of addresses are made with: 32 characters or more. Without one no address is
    kept; with another one every address is a new one."""

    @field_validator("addresses_key")
    @classmethod
    def check_length_of_addresses_key(cls, key: SecretStr | None) -> SecretStr | None:
        """Refuse a key that can be guessed."""
        if key and len(key.get_secret_value()) < SHORTEST_KEY:
            msg = f"must have {SHORTEST_KEY} characters or more; `make env` makes one"
            raise ValueError(msg)
        return key

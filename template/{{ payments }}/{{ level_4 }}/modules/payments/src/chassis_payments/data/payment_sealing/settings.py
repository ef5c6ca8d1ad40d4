from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings

SHORTEST = 32


class Settings(BaseSettings):
    """Settings of what the metadata of payments is sealed with."""

    payments_key: SecretStr | None = None
    """What it is sealed with; without one it is kept as it came."""
    payments_keys_before: SecretStr | None = None
    """Keys of before, with commas: what they have sealed can be read until it is sealed anew."""

    @field_validator("payments_key", "payments_keys_before")
    @classmethod
    def check_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        """Refuse a key that can be guessed."""
        for key in _split(keys):
            if len(key) < SHORTEST:
                msg = f"must have {SHORTEST} characters or more; `make env` makes one"
                raise ValueError(msg)
        return keys

    def payment_keys(self) -> list[str]:
        """Give all keys, the one that seals first; none if there is no such one."""
        current = _split(self.payments_key)
        return [*current, *_split(self.payments_keys_before)] if current else []


def _split(keys: SecretStr | None) -> list[str]:
    text = keys.get_secret_value() if keys else ""
    return [key.strip() for key in text.split(",") if key.strip()]

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings

from chassis.sealing import all_of, checked


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
        return checked(keys)

    def payment_keys(self) -> list[str]:
        """Give all keys, the one that seals first; none if there is no such one."""
        return all_of(self.payments_key, self.payments_keys_before)

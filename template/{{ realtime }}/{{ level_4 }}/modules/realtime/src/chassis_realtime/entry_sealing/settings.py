from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings

from chassis.sealing import all_of, checked


class Settings(BaseSettings):
    """Settings of what entries are sealed with; the same for the business API and the worker."""

    realtime_key: SecretStr | None = None
    """What they are sealed with; without one they are kept as they are."""
    realtime_keys_before: SecretStr | None = None
    """Keys of before, with commas: what they have sealed can be read as long as logs are kept."""

    @field_validator("realtime_key", "realtime_keys_before")
    @classmethod
    def check_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        """Refuse a key that can be guessed."""
        return checked(keys)

    def entry_keys(self) -> list[str]:
        """Give all keys, the one that seals first; none if there is no such one."""
        return all_of(self.realtime_key, self.realtime_keys_before)

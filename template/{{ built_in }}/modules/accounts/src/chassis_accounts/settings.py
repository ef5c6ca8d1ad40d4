from typing import Annotated, Literal

from pydantic import EmailStr, Field, PositiveInt, SecretStr, field_validator
from pydantic_settings import BaseSettings

DAY_S = 24 * 60 * 60
SHORTEST_KEY = 32


class Settings(BaseSettings):
    """Settings of accounts, sessions and the tokens that are given out."""

    accounts_key: SecretStr = SecretStr("")
    """What signing keys, second factors and refresh tokens are sealed with: 32 characters or more.
    Without one nobody can log in."""
    accounts_issuer: Annotated[str, Field(min_length=1)] = "urn:accounts"
    """What the tokens say in `iss`: the address of this API, where others shall check them."""
    first_admin: EmailStr = "admin@example.com"
    """Who may log in while there is no account at all; with it the account is made."""
    first_admin_password: SecretStr = SecretStr("")
    """The password of the first administrator; without one there is none."""

    registration: Literal["closed", "open"] = "closed"
    """Whether everybody may make an account of their own; an address is not proven by that."""
    registration_roles: tuple[str, ...] = ()
    """The roles of those who do, of policy.toml."""

    access_token_life: Annotated[int, Field(ge=30, le=3600)] = 300
    """Seconds that an access token lives."""
    session_idle: PositiveInt = 14 * DAY_S
    """Seconds after which a session ends that nobody has used."""
    session_life: PositiveInt = 90 * DAY_S
    """Seconds after which a session ends."""
    session_checked: PositiveInt = 5
    """Seconds for which an instance believes that a session goes on."""
    refresh_tolerance: PositiveInt = 10
    """Seconds in which a refresh token that was used is answered once more: the answer may be lost."""
    signing_key_life: PositiveInt = 30 * DAY_S
    """Seconds that one key signs."""
    signing_key_ahead: PositiveInt = DAY_S
    """Seconds for which the next key is published before it signs."""

    shortest_password: Annotated[int, Field(ge=8)] = 15
    """Characters that a password has at least."""
    password_memory: Annotated[int, Field(ge=32)] = 65_536
    """KiB of memory that a check of a password takes."""
    password_rounds: PositiveInt = 3
    """Rounds that it takes."""
    login_attempts: PositiveInt = 5
    """Attempts to log in, for an account from one address, within `login_window`."""
    login_attempts_of_address: PositiveInt = 50
    """Attempts from one address, whatever the account."""
    login_window: PositiveInt = 300
    """Seconds for which attempts count."""
    client_address_header: str = ""
    """The header in which the gateway says where a request comes from; without it the connection
    counts. Only a gateway that sets it itself may be believed."""

    @field_validator("accounts_key")
    @classmethod
    def check_key(cls, key: SecretStr) -> SecretStr:
        """Refuse a key that can be guessed."""
        if 0 < len(key.get_secret_value()) < SHORTEST_KEY:
            msg = f"must have {SHORTEST_KEY} characters or more; `make env` makes one"
            raise ValueError(msg)
        return key

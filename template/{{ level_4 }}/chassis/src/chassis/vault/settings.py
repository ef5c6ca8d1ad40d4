from typing import Annotated

from pydantic import AfterValidator, Field, NonNegativeFloat, PositiveFloat, SecretStr
from pydantic_settings import BaseSettings


def _address(text: str) -> str:
    if text and not text.startswith(("https://", "http://")):
        msg = "must look like https://vault.example.com:8200"
        raise ValueError(msg)
    return text.rstrip("/")


class VaultSettings(BaseSettings):
    """Settings of where secrets are kept."""

    vault_addr: Annotated[str, AfterValidator(_address)] = ""
    """Where Vault answers: https://vault.example.com:8200. Empty: it is not used."""
    vault_namespace: str = ""
    """Where it has namespaces, the one that is meant."""
    vault_kv_mount: str = Field(default="secret", repr=False)
    """Where the KV engine is mounted."""
    vault_kv_path: str = ""
    """The secret in it whose values are settings."""
    vault_role_id: str = ""
    """The AppRole of the service; with the next one it is given a token."""
    vault_secret_id: SecretStr | None = Field(default=None, repr=False)
    vault_token: SecretStr | None = None
    """A token, in the place of an AppRole. It is not renewed."""
    vault_timeout: PositiveFloat = 5
    """Seconds that Vault gets for an answer."""
    vault_patience: NonNegativeFloat = 30
    """Seconds for which a service that starts waits for Vault."""

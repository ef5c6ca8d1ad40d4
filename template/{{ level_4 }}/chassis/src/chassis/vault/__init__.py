"""Vault: secrets of its KV engine, version 2, are settings; so are those of OpenBao.

The secret at ``VAULT_KV_PATH`` has a value for each setting that is to come from there, by its name:
``database_password``. A variable of the environment and a file in ``SECRETS_DIR`` count more, and
one of them has to hold what the service shows Vault. Without ``VAULT_ADDR`` nothing is asked for.

While Vault does not answer, a service waits for ``VAULT_PATIENCE`` seconds before it gives up; it
never starts with less than it was given. One that runs goes on with what it has read.
"""

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from chassis.feature import Host, no_lifespan
from chassis.vault.settings import VaultSettings
from chassis.vault.source import VaultSource


class Settings(VaultSettings):
    """Reads the settings of every feature from Vault, too."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Ask Vault last: the others say where it is."""
        sources = super().settings_customise_sources(
            settings_cls, init_settings, env_settings, dotenv_settings, file_secret_settings
        )
        return (*sources, VaultSource(settings_cls))


def install(_host: Host, _settings: Settings) -> None:
    """Do nothing: what there is to do is done when the settings are read."""


lifespan = no_lifespan

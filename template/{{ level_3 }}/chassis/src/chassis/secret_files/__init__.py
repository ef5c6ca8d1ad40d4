"""Secrets from files: the file ``database_password`` in ``SECRETS_DIR`` holds that setting.

A variable of the environment counts more than a file. One that is empty ends the process with one
line: a service must not start with less than it was given.
"""

import os
import sys
from pathlib import Path
from typing import ClassVar, NoReturn

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource

from chassis.feature import Host, no_lifespan

VARIABLE = "SECRETS_DIR"


class Settings(BaseSettings):
    """Reads the settings of every feature from files, too."""

    shell_variables: ClassVar[tuple[str, ...]] = (VARIABLE,)

    # In the configuration of a class the folder would be lost unless that class came last.
    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Add the files, if there are any."""
        sources = (init_settings, env_settings, dotenv_settings, file_secret_settings)
        folder = os.environ.get(VARIABLE)
        if not folder:
            return sources
        return (*sources, SecretsSettingsSource(settings_cls, secrets_dir=_checked(Path(folder))))


def install(_host: Host, _settings: Settings) -> None:
    """Do nothing: what there is to do is done when the settings are read."""


lifespan = no_lifespan


def _checked(folder: Path) -> Path:
    """Give the folder if each file in it can be read and holds something."""
    try:
        files = [file for file in sorted(folder.iterdir()) if file.is_file()]
    except OSError as error:
        _refuse(f"{VARIABLE} must name a folder that can be read, got: {folder} ({error.strerror})")
    for file in files:
        try:
            value = file.read_text("utf-8").strip()
        except (OSError, UnicodeError):
            _refuse(f"{file} cannot be read: it must hold {file.name.upper()} as UTF-8 text")
        if not value:
            _refuse(f"{file} is empty: it must hold {file.name.upper()}")
    return folder


def _refuse(reason: str) -> NoReturn:
    sys.exit(f"settings: {reason}")

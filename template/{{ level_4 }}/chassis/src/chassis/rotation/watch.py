import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from pydantic import SecretStr

from chassis import secret_files
from chassis.database import DatabaseSettings
from chassis.repeating import repeated
from chassis.vault.settings import VaultSettings

type Changed = Callable[[DatabaseSettings], None]
"""What new settings are given to."""

logger = logging.getLogger(__name__)

AGAIN = "The secrets cannot be read again, the last ones count"
_AT_ONCE = frozenset({"database_url", "database_password", "replica_database_url"})
"""What needs no restart, as far as the password goes."""


def is_kept_elsewhere(settings: VaultSettings) -> bool:
    """Say whether secrets come from where they can change: variables stay as they are."""
    return bool(os.environ.get(secret_files.VARIABLE) or settings.vault_addr)


class Watch:
    """Reads the settings of a service again, and tells of secrets that are new."""

    def __init__(self, settings: DatabaseSettings, changed: Changed, interval: float) -> None:
        self._settings = settings
        self._changed = changed
        self._interval = interval

    def running(self) -> AbstractAsyncContextManager[None]:
        """Look meanwhile."""
        return repeated(self.look, self._interval, AGAIN)

    async def look(self) -> None:
        """Read them once; where that fails, what was read before counts on."""
        try:
            found = await asyncio.to_thread(self._read)
        except SystemExit as ended:  # with it a process that starts would end
            logger.warning("The secrets cannot be read again, the last ones count: %s", ended)
            return
        except Exception:  # the next time may be better
            logger.exception(AGAIN)
            return
        new = sorted(_secrets(found).items() - _secrets(self._settings).items())
        names = [name for name, _ in new]
        if names:
            self._changed(found)
            self._settings = found
            logger.info("New secrets: %s", ", ".join(names))
        if waiting := [name for name in names if name not in _AT_ONCE]:
            logger.warning("These need a restart to be used: %s", ", ".join(waiting))

    def _read(self) -> DatabaseSettings:
        kind: Any = type(self._settings)
        found: DatabaseSettings = kind(vault_patience=0)
        return found


def _secrets(settings: DatabaseSettings) -> dict[str, str]:
    """Give the settings that are not to be shown."""
    return {
        name: _text(getattr(settings, name))
        for name, field in type(settings).model_fields.items()
        if not field.repr or isinstance(getattr(settings, name), SecretStr)
    }


def _text(value: Any) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)

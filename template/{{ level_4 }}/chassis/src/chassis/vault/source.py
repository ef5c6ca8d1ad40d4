import sys
import time
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from chassis.vault.client import Vault, VaultAway, VaultRefusal
from chassis.vault.settings import VaultSettings

_PAUSE_S = 0.5


class VaultSource(PydanticBaseSettingsSource):
    """The values of a secret in Vault, by the names of settings."""

    def __call__(self) -> dict[str, Any]:
        """Read them, if the sources before this one say where they are."""
        told = {name: self.current_state[name] for name in _NAMES & self.current_state.keys()}
        if not told.get("vault_addr"):
            return {}
        try:
            settings = VaultSettings(**told)
        except ValidationError as error:
            (first, *_) = error.errors(include_input=False)
            sys.exit(f"settings: {str(first['loc'][0]).upper()} {first['msg']}")
        found = read(settings)
        return {name: found[name] for name in found.keys() & self.settings_cls.model_fields.keys()}

    def get_field_value(self, _field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Give nothing: all values are read at once."""
        return None, field_name, False


_NAMES = frozenset(VaultSettings.model_fields)


def read(settings: VaultSettings) -> Mapping[str, str]:
    """Read the secret; ends the process with one line where that cannot be."""
    vault = Vault(settings.vault_addr, settings.vault_namespace, settings.vault_timeout)
    until = time.monotonic() + settings.vault_patience
    while True:
        try:
            token = _token(vault, settings)
            return _texts(vault.read(settings.vault_kv_mount, _path(settings), token))
        except VaultRefusal as error:
            sys.exit(f"settings: Vault at {vault.address}: {error}")
        except VaultAway as error:
            if time.monotonic() + _PAUSE_S > until:
                sys.exit(f"settings: Vault at {vault.address} does not answer: {error}")
        time.sleep(_PAUSE_S)


def _path(settings: VaultSettings) -> str:
    if not settings.vault_kv_path:
        raise VaultRefusal("VAULT_KV_PATH must name the secret, such as shop/production")
    return settings.vault_kv_path


def _token(vault: Vault, settings: VaultSettings) -> str:
    if settings.vault_token:
        return settings.vault_token.get_secret_value()
    if not (settings.vault_role_id and settings.vault_secret_id):
        raise VaultRefusal("set VAULT_ROLE_ID and VAULT_SECRET_ID, or VAULT_TOKEN")
    return vault.log_in(settings.vault_role_id, settings.vault_secret_id.get_secret_value())


def _texts(found: Mapping[str, Any]) -> Mapping[str, str]:
    for name, value in found.items():
        if not isinstance(value, str) or not value.strip():
            raise VaultRefusal(f"{name} must be a text that is not empty")
    return {name.lower(): value.strip() for name, value in found.items()}

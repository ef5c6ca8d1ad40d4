import base64
import json
import logging
import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

logger = logging.getLogger(__name__)

SEALED = "#sealed"
"""The one name in what is sealed: `{"#sealed": "<id of the key>:<text>"}`."""
UNREADABLE = "#unreadable"
"""The one name in what nobody can read: the key is gone, or it was changed. Money goes on without."""
_ABOUT = b"provider_payments.metadata"
_NONCE = 12


class Sealer:
    """Seals with the first key, and opens with each; keys are known by ids that tell nothing."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = {_id(key): AESGCM(_derived("seal", key)) for key in keys}
        self.current = next(iter(self._keys))

    def seal(self, plain: Mapping[str, Any]) -> Mapping[str, Any]:
        """Seal what somebody wants remembered; nothing stays nothing."""
        if not plain:
            return plain
        nonce = os.urandom(_NONCE)
        text = json.dumps(plain).encode()
        sealed = nonce + self._keys[self.current].encrypt(nonce, text, _ABOUT)
        return {SEALED: f"{self.current}:{base64.b64encode(sealed).decode()}"}

    def open(self, kept: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give what was sealed; what was kept before there was a key is given as it is."""
        match kept:
            case {"#sealed": str(sealed)} if len(kept) == 1:
                return self._opened(sealed)
        return kept

    def _opened(self, sealed: str) -> Mapping[str, Any]:
        key_id, _, text = sealed.partition(":")
        try:
            whole = base64.b64decode(text, validate=True)
            plain = self._keys[key_id].decrypt(whole[:_NONCE], whole[_NONCE:], _ABOUT)
        except (KeyError, ValueError, InvalidTag):
            logger.error("Metadata that was sealed with the key %s cannot be read", key_id)  # noqa: TRY400
            return {UNREADABLE: key_id}
        opened: Mapping[str, Any] = json.loads(plain)
        return opened


class SealedJson(TypeDecorator[Mapping[str, Any]]):
    """A column of JSON that is sealed in the database, and open everywhere else."""

    impl = JSONB
    cache_ok = True

    def __init__(self, sealer: Sealer) -> None:
        super().__init__()
        self.sealer = sealer

    def process_bind_param(
        self, value: Mapping[str, Any] | None, _dialect: Dialect
    ) -> Mapping[str, Any] | None:
        """Seal what is written."""
        return None if value is None else self.sealer.seal(value)

    def process_result_value(
        self, value: Mapping[str, Any] | None, _dialect: Dialect
    ) -> Mapping[str, Any] | None:
        """Open what is read."""
        return None if value is None else self.sealer.open(value)


def _derived(purpose: str, key: str) -> bytes:
    return sha256(f"payments {purpose}:{key}".encode()).digest()


def _id(key: str) -> str:
    return _derived("id", key).hex()[:8]

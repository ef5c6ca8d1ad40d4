"""Sealing: what is kept elsewhere is encrypted there, under keys that can be replaced.

AES-256-GCM (NIST SP 800-38D) with a nonce at random; each text says which key it was sealed with.
"""

import base64
import os
from collections.abc import Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

SHORTEST = 32
_NONCE = 12


class UnreadableError(Exception):
    """The key of a text is not there any more, or the text was changed; ``key_id`` is its key."""

    def __init__(self, key_id: str) -> None:
        super().__init__(key_id)
        self.key_id = key_id


class Sealer:
    """Seals with the first key, and opens with each; keys are known by ids that tell nothing.

    ``purpose`` and ``about`` say what is sealed: nothing that was sealed as something else is opened.
    """

    def __init__(self, purpose: str, about: str, keys: Sequence[str]) -> None:
        self._about = about.encode()
        self._keys = {
            _derived(purpose, "id", key).hex()[:8]: AESGCM(_derived(purpose, "seal", key))
            for key in keys
        }
        self.current = next(iter(self._keys))

    def seal(self, plain: bytes) -> str:
        """Seal a text: the id of the key, a colon, and what only the key can open."""
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._keys[self.current].encrypt(nonce, plain, self._about)
        return f"{self.current}:{base64.b64encode(sealed).decode()}"

    def open(self, sealed: str) -> bytes:
        """Give what was sealed; raises UnreadableError."""
        key_id, _, text = sealed.partition(":")
        try:
            whole = base64.b64decode(text, validate=True)
            return self._keys[key_id].decrypt(whole[:_NONCE], whole[_NONCE:], self._about)
        except (KeyError, ValueError, InvalidTag) as error:
            raise UnreadableError(key_id) from error


def checked(keys: SecretStr | None) -> SecretStr | None:
    """Refuse a key that can be guessed; raises ValueError."""
    for key in listed(keys):
        if len(key) < SHORTEST:
            msg = f"must have {SHORTEST} characters or more; `make env` makes one"
            raise ValueError(msg)
    return keys


def all_of(current: SecretStr | None, before: SecretStr | None) -> list[str]:
    """Give all keys, the one that seals first; none if there is no such one."""
    own = listed(current)
    return [*own, *listed(before)] if own else []


def listed(keys: SecretStr | None) -> list[str]:
    """Give the keys that stand in a setting, with commas between them."""
    text = keys.get_secret_value() if keys else ""
    return [key.strip() for key in text.split(",") if key.strip()]


def _derived(purpose: str, use: str, key: str) -> bytes:
    return sha256(f"{purpose} {use}:{key}".encode()).digest()

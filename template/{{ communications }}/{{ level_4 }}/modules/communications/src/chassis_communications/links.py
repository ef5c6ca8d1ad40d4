"""Links that people follow from a message: only who got the message has them."""

import hashlib
import hmac
from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import SecretStr

from chassis.problems import NotFound
from chassis.schemas import Exact

UNSUBSCRIBES = "/api/v1/unsubscribes"
CONFIRMATIONS = "/api/v1/confirmations"
NO_LINK = "There is no such link."
_LENGTH = 32

Token = Annotated[str, Path(max_length=200), Exact()]


def key_of(secret: SecretStr | None) -> str:
    """Give the key; nothing where there is none."""
    return secret.get_secret_value() if secret else ""


def token_of(key: str, path: str, what: UUID) -> str:
    """Give the part of a link that nobody can guess."""
    return hmac.digest(key.encode(), f"{path}/{what}".encode(), hashlib.sha256).hex()[:_LENGTH]


def link(base: str, key: str, path: str, what: UUID) -> str:
    """Give a link, as a message has it."""
    return f"{base.rstrip('/')}{path}/{what}/{token_of(key, path, what)}"


def check(key: str, path: str, what: UUID, token: str) -> None:
    """Raise NotFound for a link that was not given out, and for all of them without a key."""
    expected = token_of(key, path, what)
    if not key or not hmac.compare_digest(expected.encode(), token.encode()):
        raise NotFound(NO_LINK)

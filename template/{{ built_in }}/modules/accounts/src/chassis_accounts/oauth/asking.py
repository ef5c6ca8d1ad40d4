"""Which client asks, and with what right."""

import secrets
from hashlib import sha256
from uuid import UUID

from chassis.problems import NotFound
from chassis_accounts.keeping import Clients
from chassis_accounts.oauth.forms import OAuthError
from chassis_accounts.records import ClientRead

_BYTES = 32


def new_secret() -> tuple[str, str]:
    """Make a secret; give it, and what is kept of it: at random there is nothing to guess."""
    secret = secrets.token_urlsafe(_BYTES)
    return secret, digest(secret)


def digest(secret: str) -> str:
    """Give what is kept of a secret."""
    return sha256(secret.encode()).hexdigest()


async def client_of(clients: Clients, shown: tuple[str, str]) -> ClientRead:
    """Find the client that asks; raises OAuthError without saying what was wrong."""
    identity, secret = shown
    client = await _found(clients, identity)
    known = client.secret_hash if client else ""
    if client is None or client.disabled or not secrets.compare_digest(known, digest(secret)):
        raise OAuthError("invalid_client", "There is no such client with this secret.", 401)
    return client


async def _found(clients: Clients, identity: str) -> ClientRead | None:
    try:
        return await clients.current(UUID(identity))
    except (NotFound, ValueError):
        return None

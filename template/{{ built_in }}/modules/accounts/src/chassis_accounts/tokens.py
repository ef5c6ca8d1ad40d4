"""Access tokens (RFC 9068), as they are given out."""

import time
from collections.abc import Callable
from typing import Protocol
from uuid import UUID, uuid4

import jwt

from chassis_accounts.settings import Settings
from chassis_accounts.signing import ALGORITHM, SigningKeys

TYPE = "at+jwt"
CLIENT = "first-party"
"""The `client_id` of tokens: whoever logs in does so with this system itself."""


class Holder(Protocol):
    """Whoever a token is for: an account or a client."""

    id: UUID
    roles: list[str]


class AccessTokens:
    """Makes access tokens."""

    def __init__(
        self,
        keys: SigningKeys,
        settings: Settings,
        audience: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._settings = settings
        self._audience = audience
        self._clock = clock

    async def make(self, holder: Holder, session: str, client_id: str = CLIENT) -> str:
        """Make a token, which is good while the session goes on."""
        pair = await self._keys.signing()
        now = int(self._clock())
        claims = {
            "iss": self._settings.accounts_issuer,
            "aud": self._audience,
            "sub": str(holder.id),
            "client_id": client_id,
            "sid": session,
            "roles": holder.roles,
            "iat": now,
            "exp": now + self._settings.access_token_life,
            "jti": uuid4().hex,
        }
        headers = {"typ": TYPE, "kid": pair.shown["kid"]}
        return jwt.encode(claims, pair.private, ALGORITHM, headers=headers)

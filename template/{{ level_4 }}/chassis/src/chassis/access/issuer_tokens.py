"""Tokens of users, as the issuer signs them (RFC 9068)."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import jwt
from jwt import PyJWK, PyJWTError

from chassis.identity.errors import InvalidToken
from chassis.identity.known import Known
from chassis.identity.principal import Principal

NEEDED = ["exp", "iat", "sub", "aud", "iss"]
LONGEST_KNOWN_S = 60
"""Seconds for which a token that was checked need not be checked again: it costs as much as a route."""


class TokenSettings(Protocol):
    """What is asked of a token."""

    oidc_issuer: str
    oidc_audience: str
    oidc_token_types: frozenset[str]
    oidc_roles_claim: str


class PublicKeys(Protocol):
    """Knows the public keys of an issuer."""

    async def get(self, key_id: str) -> PyJWK | None:
        """Give a key; None where there is none of that id. Raises KeysUnknown."""


class IssuerTokens:
    """Says whose token it is."""

    def __init__(
        self,
        keys: PublicKeys,
        settings: TokenSettings,
        leeway: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._settings = settings
        self._leeway = leeway
        self._clock = clock
        self._known: Known[Principal] = Known(clock)

    async def principal_of(self, token: str) -> Principal:
        """Check a token; raises InvalidToken or KeysUnknown."""
        if known := self._known.get(token):
            return known
        if not self._settings.oidc_issuer:
            raise InvalidToken("No token is accepted: OIDC_ISSUER is not set.")
        claims = await self._checked(token)
        principal = self._principal(claims)
        until = min(float(claims["exp"]), self._clock() + LONGEST_KNOWN_S)
        self._known.keep(token, principal, until)
        return principal

    async def _checked(self, token: str) -> Mapping[str, Any]:
        key = await self._key_of(token)
        settings = self._settings
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=settings.oidc_audience,
                issuer=settings.oidc_issuer,
                leeway=self._leeway,
                options={"require": NEEDED},
            )
        except PyJWTError as error:
            raise InvalidToken(f"{error}.") from None
        return claims

    async def _key_of(self, token: str) -> PyJWK:
        """Find the key that a token names; what else it says of itself is not believed."""
        try:
            header = jwt.get_unverified_header(token)
        except PyJWTError:
            raise InvalidToken("It is no token.") from None
        kind = str(header.get("typ", "")).lower().removeprefix("application/")
        if kind not in self._settings.oidc_token_types:
            raise InvalidToken("It is no access token.")
        key = await self._keys.get(str(header.get("kid", "")))
        if key is None or header.get("alg") != key.algorithm_name:
            raise InvalidToken("Its key is not known.")
        return key

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        found: Any = claims
        for name in self._settings.oidc_roles_claim.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        roles = (
            found.split() if isinstance(found, str) else found if isinstance(found, list) else []
        )
        known = frozenset(role for role in roles if isinstance(role, str))
        session = claims.get("sid")
        return Principal(
            claims["sub"],
            known,
            session=session if isinstance(session, str) else None,
            issuer=claims["iss"],
        )

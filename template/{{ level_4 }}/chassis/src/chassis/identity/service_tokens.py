"""Tokens of services of this system, which tell on whose behalf they call."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import jwt
from jwt import InvalidSignatureError, PyJWTError

from chassis.identity.errors import InvalidToken
from chassis.identity.known import Known
from chassis.identity.principal import Principal, current

ALGORITHM: Final = "HS256"
AUDIENCE: Final = "services"
TYPE: Final = "service+jwt"
ROLE: Final = "service"
"""What a policy calls the services of this system."""
LIFE_S: Final = 60
REUSED_S: Final = 30
"""Seconds for which the same token is sent again: to make and to check one takes longer than to look
it up."""

_BEGIN: Final = jwt.encode({}, "-" * 32, ALGORITHM, headers={"typ": TYPE}).partition(".")[0]
"""What every token begins with, which is its header."""


class ServiceTokens:
    """Makes and checks tokens by the one key that all services of the system have.

    While it changes, ``also`` is the other one of the two: it checks tokens, and makes none.
    """

    def __init__(
        self,
        key: str,
        leeway: float,
        clock: Callable[[], float] = time.time,
        *,
        also: str = "",
    ) -> None:
        self._key = key
        self._accepted = [one for one in (key, also) if one]
        self._leeway = leeway
        self._clock = clock
        self._made: Known[str] = Known(clock)
        self._checked: Known[Principal] = Known(clock)

    def made_by(self, service: str) -> str:
        """Make a token of a service, on behalf of who asks it."""
        principal = current()
        subject = principal.identity if principal else service
        # Whoever comes by a service has the roles that it has said, here and in whatever is called next.
        roles = sorted(principal.roles) if principal and principal.service else [ROLE]
        name = repr((subject, roles))
        if token := self._made.get(name):
            return token
        now = int(self._clock())
        claims: dict[str, Any] = {
            "iss": service,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + LIFE_S,
            "sub": subject,
        }
        if roles != [ROLE]:
            claims["roles"] = roles
        token = jwt.encode(claims, self._key, ALGORITHM, headers={"typ": TYPE}) if self._key else ""
        self._made.keep(name, token, now + REUSED_S)
        return token

    @staticmethod
    def are_of(token: str) -> bool:
        """Say whether a token is one that a service has made, right or wrong."""
        return token.startswith(_BEGIN)

    async def principal_of(self, token: str) -> Principal:
        """Check a token; raises InvalidToken."""
        if known := self._checked.get(token):
            return known
        if not self._accepted:
            raise InvalidToken("No calls are accepted: SERVICE_KEY is not set.")
        try:
            if jwt.get_unverified_header(token).get("typ") != TYPE:
                raise InvalidToken("It is no token of a service.")
            claims = self._claims(token)
        except PyJWTError as error:
            raise InvalidToken(f"{error}.") from None
        roles = frozenset(map(str, claims.get("roles", [ROLE])))
        principal = Principal(claims["sub"], roles, str(claims["iss"]))
        self._checked.keep(token, principal, float(claims["exp"]))
        return principal

    def _claims(self, token: str) -> dict[str, Any]:
        *others, last = self._accepted
        for key in others:
            with suppress(InvalidSignatureError):
                return self._decoded(token, key)
        return self._decoded(token, last)

    def _decoded(self, token: str, key: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            leeway=self._leeway,
            options={"require": ["exp", "iat", "sub", "aud", "iss"]},
        )
        return claims

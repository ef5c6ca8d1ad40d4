"""Tokens of this system's own: they are good while their session goes on, and no longer.

Every instance asks Redis, and believes what it says for ``session_checked`` seconds. While Redis is
away, tokens live out their few minutes. Tokens of another issuer, where ``OIDC_ISSUER`` names one,
are checked as before; nobody who comes with one passes for an account.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import UUID

import jwt
from fastapi import FastAPI
from jwt import PyJWK, PyJWTError

from chassis.access.issuer_tokens import LONGEST_KNOWN_S, IssuerTokens
from chassis.feature import no_lifespan
from chassis.identity.errors import InvalidToken, KeysUnknown
from chassis.identity.known import Known
from chassis.identity.principal import Principal
from chassis.problems import ProblemError
from chassis_accounts.errors import ENDED
from chassis_accounts.sessions import Sessions
from chassis_accounts.settings import Settings
from chassis_accounts.signing import SigningKeys
from chassis_accounts.tokens import TYPE
from chassis_redis.redis_client import AWAY, reason

__all__ = ["install", "lifespan"]

PAUSE_S = 5
"""Seconds that Redis is left alone after it failed."""

logger = logging.getLogger(__name__)


class Checks(Protocol):
    """Says whose token it is."""

    async def principal_of(self, token: str) -> Principal:
        """Check a token; raises InvalidToken or KeysUnknown."""


@dataclass
class Expected:
    """What is asked of a token of one's own."""

    oidc_issuer: str
    oidc_audience: str
    oidc_token_types: frozenset[str] = frozenset({TYPE})
    oidc_roles_claim: str = "roles"


class PublicKeys:
    """The public halves of the signing keys."""

    def __init__(self, keys: SigningKeys) -> None:
        self._keys = keys
        self._made: dict[str, PyJWK] = {}

    async def get(self, key_id: str) -> PyJWK | None:
        """Give a key; raises KeysUnknown while no keys could ever be read."""
        try:
            pair = await self._keys.find(key_id)
        except ProblemError:
            raise KeysUnknown from None
        if pair is None:
            self._made.pop(key_id, None)
            return None
        return self._made.setdefault(key_id, PyJWK(dict(pair.shown)))


class LiveTokens:
    """Takes tokens of sessions that go on."""

    def __init__(
        self,
        tokens: Checks,
        sessions: Sessions,
        believed: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tokens = tokens
        self._sessions = sessions
        self._believed = believed
        self._clock = clock
        self._known: Known[bool] = Known(clock)
        self._resume_at = 0.0

    async def principal_of(self, token: str) -> Principal:
        """Check a token; raises InvalidToken or KeysUnknown."""
        principal = await self._tokens.principal_of(token)
        if principal.session is None or not await self._goes_on(principal.session):
            raise InvalidToken(ENDED)
        return principal

    async def _goes_on(self, session: str) -> bool:
        known = self._known.get(session)
        if known is not None:
            return known
        if self._clock() < self._resume_at:
            return True
        try:
            known = await self._sessions.goes_on(session)
        except AWAY as error:
            logger.warning("Nobody knows which sessions have ended: %s", reason(error))
            self._resume_at = self._clock() + PAUSE_S
            return True
        self._known.keep(session, known, self._clock() + self._believed)
        return known


class ByIssuer:
    """Has a token checked by those who know its issuer."""

    def __init__(self, issuer: str, own: Checks, others: Checks) -> None:
        self._issuer = issuer
        self._own = own
        self._others = others
        self._ours: Known[bool] = Known(time.monotonic)

    async def principal_of(self, token: str) -> Principal:
        """Check a token; raises InvalidToken or KeysUnknown."""
        # What a token says of itself decides who checks it, and nothing else.
        if self._is_ours(token):
            return await self._own.principal_of(token)
        return told_apart(await self._others.principal_of(token))

    def _is_ours(self, token: str) -> bool:
        known = self._ours.get(token)
        if known is None:
            known = _issuer_of(token) == self._issuer
            self._ours.keep(token, known, time.monotonic() + LONGEST_KNOWN_S)
        return known


def told_apart(principal: Principal) -> Principal:
    """Give who comes from another issuer an id that no account here has, whatever `sub` it was given.

    The issuer is named before it where it may be the id of an account, and where it begins so already.
    Whatever is kept by who asks for it is nobody else's then: records, links, devices, the audit log.
    """
    issuer, identity = principal.issuer, principal.identity
    if issuer is None or not (_is_account_id(identity) or identity.startswith(f"{issuer} ")):
        return principal
    return replace(principal, identity=f"{issuer} {identity}")


def install(app: FastAPI, settings: Settings) -> None:
    """Take the tokens of this system."""
    given = app.state.settings
    expected = Expected(settings.accounts_issuer, given.oidc_audience)
    keys = PublicKeys(app.state.login.keys)
    checked = IssuerTokens(keys, expected, given.clock_leeway)
    live = LiveTokens(checked, app.state.login.sessions, settings.session_checked)
    app.state.tokens = ByIssuer(settings.accounts_issuer, live, app.state.tokens)


lifespan = no_lifespan


def _is_account_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _issuer_of(token: str) -> Any:
    try:
        return jwt.decode(token, options={"verify_signature": False}).get("iss")
    except PyJWTError:
        return None

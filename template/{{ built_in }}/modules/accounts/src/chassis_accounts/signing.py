"""The keys that access tokens are signed with: one signs, the next one is published before it does."""

import asyncio
import datetime as dt
import json
import logging
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import ECAlgorithm

from chassis.problems import Conflict, NotFound, ProblemError, Unavailable
from chassis_accounts.errors import AWAY
from chassis_accounts.keeping import KeptKeys
from chassis_accounts.records import KeyCreate, KeyQuery, KeyRead
from chassis_accounts.sealing import Seal
from chassis_accounts.settings import Settings

logger = logging.getLogger(__name__)

ALGORITHM: Final = "ES256"
READ_AGAIN_S: Final = 30
"""Seconds after which the keys are read again: for so long one signs that was taken back."""
PAUSE_S: Final = 1
"""Seconds before they are read again because of one that nobody knows."""
KEPT_S: Final = 3600
"""Seconds for which a key is published that signs no more; no token lives longer."""
_MOST: Final = 20


@dataclass(frozen=True)
class Pair:
    """A pair of keys."""

    record: KeyRead
    private: EllipticCurvePrivateKey

    @property
    def signs_from(self) -> float:
        """Give the time from which it signs."""
        return self.record.signs_from.timestamp()

    @cached_property
    def shown(self) -> Mapping[str, Any]:
        """Give the public half as a JWKS has it; it is named by what it is (RFC 7638)."""
        public = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        members = {name: public[name] for name in ("crv", "kty", "x", "y")}
        text = json.dumps(members, separators=(",", ":"), sort_keys=True)
        name = urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()
        return {**members, "kid": name, "alg": ALGORITHM, "use": "sig"}


class SigningKeys:
    """The keys of all instances; whichever sees that the next one is due makes it."""

    def __init__(
        self, kept: KeptKeys, settings: Settings, clock: Callable[[], float] = time.time
    ) -> None:
        self._kept = kept
        self._settings = settings
        self._seal = Seal(settings.accounts_key.get_secret_value(), "signing key")
        self._clock = clock
        self._pairs: Sequence[Pair] = ()
        self._read_at = 0.0
        self._turn = asyncio.Lock()

    async def signing(self) -> Pair:
        """Give the pair that signs now; raises Unavailable while there is none."""
        found = _signing(await self.known(), self._clock())
        if found is None:
            raise Unavailable(AWAY) from RuntimeError("no signing key can be read")
        return found

    async def find(self, name: str) -> Pair | None:
        """Give the pair of that name; one that another instance has just made is looked for."""
        found = _named(await self.known(), name)
        if found is None and self._clock() >= self._read_at + PAUSE_S:
            async with self._turn:
                if self._clock() >= self._read_at + PAUSE_S:
                    await self._read_again()
            found = _named(self._pairs, name)
        return found

    async def renew(self) -> None:
        """Take every key back: a new one signs at once, and all tokens there are become worthless."""
        async with self._turn:
            before = await self._read()
            await self._make(max((pair.record.number for pair in before), default=0) + 1, 0)
            for pair in before:
                await self._remove(pair)
            self._pairs, self._read_at = await self._read(), self._clock()

    async def known(self) -> Sequence[Pair]:
        """Give what signs, what will, and what has until lately; the newest comes first.

        Those read before do while they cannot be read again.
        """
        if self._clock() < self._read_at + READ_AGAIN_S:
            return self._pairs
        async with self._turn:
            if self._clock() >= self._read_at + READ_AGAIN_S:
                await self._read_again()
        return self._pairs

    async def _read_again(self) -> None:
        try:
            pairs = await self._settled(await self._read())
        except ProblemError as error:
            if not self._pairs:
                raise
            logger.warning("The signing keys cannot be read again: %s", error)
            self._read_at = self._clock() - READ_AGAIN_S + 1
            return
        self._pairs, self._read_at = pairs, self._clock()

    async def _settled(self, pairs: Sequence[Pair]) -> Sequence[Pair]:
        """Make the next key when it is due, and forget what nobody needs any more."""
        now, settings = self._clock(), self._settings
        if not pairs:
            await self._make(1, 0)
            return await self._read()
        newest = pairs[0]
        due = newest.signs_from + settings.signing_key_life
        if due - settings.signing_key_ahead <= now:
            ahead = max(due - now, settings.signing_key_ahead)
            await self._make(newest.record.number + 1, ahead)
            pairs = await self._read()
        wanted = [pairs[0]]
        for newer, pair in pairwise(pairs):
            if newer.signs_from + KEPT_S > now:
                wanted.append(pair)
            else:
                await self._remove(pair)
        return wanted

    async def _read(self) -> list[Pair]:
        page = await self._kept.list(KeyQuery(limit=_MOST))
        opened = ((record, self._seal.open(record.private)) for record in page.items)
        pairs = [Pair(record, _loaded(text)) for record, text in opened if text]
        if page.items and not pairs:
            raise Unavailable(AWAY) from RuntimeError("ACCOUNTS_KEY has not sealed these keys")
        return sorted(pairs, key=lambda pair: pair.record.number, reverse=True)

    async def _make(self, number: int, ahead: float) -> None:
        private = ec.generate_private_key(ec.SECP256R1())
        text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        signs_from = dt.datetime.fromtimestamp(self._clock() + ahead, dt.UTC)
        new = KeyCreate(number=number, private=self._seal.close(text), signs_from=signs_from)
        try:
            await self._kept.add(new)
        except Conflict:
            return  # another instance was first, and its key is as good
        logger.info("Signing key %d is made; it signs from %s on", number, signs_from.isoformat())

    async def _remove(self, pair: Pair) -> None:
        try:
            await self._kept.remove(pair.record.id)
        except NotFound:
            return  # another instance was first


def _signing(pairs: Sequence[Pair], now: float) -> Pair | None:
    """Give the newest that signs by now; clocks may differ, so the oldest does where none does."""
    ready = [pair for pair in pairs if pair.signs_from <= now]
    return ready[0] if ready else pairs[-1] if pairs else None


def _named(pairs: Sequence[Pair], name: str) -> Pair | None:
    return next((pair for pair in pairs if pair.shown["kid"] == name), None)


def _loaded(text: str) -> EllipticCurvePrivateKey:
    key = load_pem_private_key(text.encode(), password=None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise TypeError("no key of an elliptic curve")
    return key

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, cast

from redis.asyncio import Redis

from chassis_redis.redis_client import AWAY, reason

logger = logging.getLogger(__name__)

_GENERATION_BYTES = 16
_MARK_BYTES = 8
_BEFORE_BODY = _GENERATION_BYTES + _MARK_BYTES
_GENERATION_KEPT_S = 24 * 60 * 60
_CLOSED = b"closed"


class CacheSettings(Protocol):
    """The settings of the features that count here."""

    cache_ignored_headers: frozenset[str]
    cache_pause: float
    cache_ttl: float
    cached_services: frozenset[str]
    http_timeout: float
    redis_namespace: str
    redis_timeout: float


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of an answer; neither of the two while the cache cannot be used."""

    generation: bytes | None = None
    """Under which a new answer may be kept."""
    body: bytes | None = None
    """The answer, if there is one that may be used."""


class Answers:
    """Answers in Redis, each under the generation of its collection that it was read in.

    A write gives the collection another generation, a random one that never comes back. So an
    answer from before the write is not found again, not even one that is on its way and kept
    after it. During a write the collection is closed: nothing is found and nothing is kept.

    When Redis fails, it is left alone for a while. Collections that were written to meanwhile get
    their new generation before anything is found again.
    """

    def __init__(self, redis: Redis, settings: CacheSettings) -> None:
        self.observers: list[Callable[[Kept], object]] = []
        """Told what is found at each look."""
        self._redis = redis
        self._settings = settings
        # A write that got no answer in time may be carried out for about as long again.
        self._closed_ms = round(settings.http_timeout * 2000)
        self._ttl_ms = max(1, round(settings.cache_ttl * 1000))
        self._failing = False
        self._resume_at = 0.0
        self._owed: dict[str, object] = {}

    async def find(self, collection: str, name: str) -> Kept:
        """Find an answer, or the generation to keep one under."""
        found = await self._reach(lambda: self._find(collection, name)) or Kept()
        for observer in self.observers:
            observer(found)
        return found

    async def keep(self, generation: bytes, name: str, body: bytes) -> None:
        """Keep an answer that was asked for after its generation was found."""
        key, value = self._answer_key(name), generation + _mark(body) + body
        await self._reach(lambda: self._redis.set(key, value, px=self._ttl_ms))

    async def close(self, collection: str) -> None:
        """Let no answer of a collection be used or kept, because it is about to change."""
        key = self._generation_key(collection)
        await self._reach(lambda: self._redis.set(key, _CLOSED, px=self._closed_ms))

    async def renew(self, collection: str) -> None:
        """Let only answers be used that are asked for from now on."""
        if not await self._reach(lambda: self._renew(collection)):
            self._owed[collection] = object()

    async def _find(self, collection: str, name: str) -> Kept:
        keys = [self._generation_key(collection), self._answer_key(name)]
        found = cast("list[bytes | None]", await self._redis.mget(keys))
        generation, answer = found[0] or await self._first_generation(keys[0]), found[1]
        if generation == _CLOSED:
            return Kept()
        if answer is not None and answer.startswith(generation):
            mark, body = answer[_GENERATION_BYTES:_BEFORE_BODY], answer[_BEFORE_BODY:]
            return Kept(generation, body if mark == _mark(body) else None)
        return Kept(generation)

    async def _first_generation(self, key: str) -> bytes:
        new = secrets.token_bytes(_GENERATION_BYTES)
        other = await self._redis.set(key, new, nx=True, get=True, ex=_GENERATION_KEPT_S)
        return cast("bytes | None", other) or new

    async def _renew(self, collection: str) -> bool:
        new = secrets.token_bytes(_GENERATION_BYTES)
        await self._redis.set(self._generation_key(collection), new, ex=_GENERATION_KEPT_S)
        return True

    async def _settle(self) -> None:
        for collection, debt in list(self._owed.items()):
            await self._renew(collection)
            if self._owed.get(collection) is debt:  # else there was yet another write
                del self._owed[collection]

    async def _reach[T](self, commands: Callable[[], Awaitable[T]]) -> T | None:
        """Run commands unless Redis is left alone; it fails only for the one who asks first."""
        now = time.monotonic()
        if now < self._resume_at:
            return None
        if self._failing:
            self._resume_at = now + self._settings.redis_timeout
        try:
            async with asyncio.timeout(self._settings.redis_timeout):
                if self._owed:
                    await self._settle()
                result = await commands()
        except AWAY as error:
            self._pause(error)
            return None
        if self._failing:
            logger.info("The cache is used again")
            self._failing, self._resume_at = False, 0.0
        return result

    def _pause(self, error: Exception) -> None:
        if not self._failing:
            logger.warning("The cache is not used for now: %s", reason(error))
        self._failing = True
        self._resume_at = time.monotonic() + self._settings.cache_pause

    def _generation_key(self, collection: str) -> str:
        return f"{self._settings.redis_namespace}:generation:{collection}"

    def _answer_key(self, name: str) -> str:
        digest = hashlib.sha256(name.encode()).hexdigest()
        return f"{self._settings.redis_namespace}:answer:{digest}"


def _mark(body: bytes) -> bytes:
    """Give what tells an answer from one that was cut or written over."""
    return hashlib.blake2b(body, digest_size=_MARK_BYTES).digest()

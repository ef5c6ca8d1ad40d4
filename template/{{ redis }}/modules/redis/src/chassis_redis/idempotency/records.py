import asyncio
import hashlib
import secrets
import time
from dataclasses import dataclass, replace
from typing import Literal, Protocol, cast

from pydantic import Base64Bytes, SecretStr, TypeAdapter, ValidationError
from redis.asyncio import Redis

# From the claim to the confirmation, which comes next. A claim whose answer was lost is gone then.
_CLAIM_S = 5
# Puts a value in the place of another one. ARGV: the one that must be there, the new one (empty:
# none) and its milliseconds. Said twice, because an answer was lost, it does what it does once.
_SWAP = """
local known = redis.call('GET', KEYS[1])
if known and known == ARGV[2] then return 1 end
if known ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1])
else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1
"""


class KeySettings(Protocol):
    """The settings of the features that count here."""

    idempotency_max_bytes: int
    idempotency_patience: int
    idempotency_retention: int
    idempotency_scope: frozenset[str]
    idempotency_secret: SecretStr | None
    redis_namespace: str
    redis_timeout: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first request was answered."""

    status: int
    headers: list[tuple[str, str]]
    body: Base64Bytes

    @property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """Give the headers as they are sent."""
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a key."""

    fingerprint: str
    """Of the request that came with it; it tells nothing of what was in it."""
    owner: str
    """Which attempt has the key."""
    state: Literal["claimed", "started", "lost", "answered"]
    since: float
    """When it was claimed, in seconds since the epoch."""
    answer: Answer | None = None

    def dump(self) -> bytes:
        """Write it for Redis."""
        return _RECORD.dump_json(self)


_RECORD = TypeAdapter(Record)


def load(text: bytes) -> Record | None:
    """Read what was dumped, here or by another version; None if it cannot be read."""
    try:
        return _RECORD.validate_json(text)
    except ValidationError:
        return None


class Records:
    """What is known of the keys of one service; every method raises what Redis raises.

    A request claims its key for a moment and confirms the claim before it starts. Only then is the
    key taken for long, and only the owner can change what is known of it. So a command that Redis
    carries out late, when nobody waits for it any more, takes no key away and none for long.
    """

    def __init__(self, redis: Redis, settings: KeySettings, service: str) -> None:
        self._redis = redis
        self._settings = settings
        self._service = service

    async def claim(self, key: str, fingerprint: str) -> tuple[Record, bool]:
        """Claim a key; give the record, and whether it is one's own.

        Whoever wrote a record that cannot be read has taken the key: nobody knows what was done.
        """
        own = Record(fingerprint, secrets.token_hex(16), "claimed", time.time())
        async with asyncio.timeout(self._settings.redis_timeout):
            name, text = self._name(key), own.dump()
            known = await self._redis.set(name, text, nx=True, get=True, ex=_CLAIM_S)
        unread = replace(own, owner="", state="lost")
        record = (load(cast("bytes", known)) or unread) if known else own
        return record, record.owner == own.owner  # known is one's own if it was said twice

    async def start(self, key: str, claimed: Record) -> Record | None:
        """Take the key for good, before anything is done; None if the claim is lost."""
        started = replace(claimed, state="started")
        return started if await self._put(key, claimed, started) else None

    async def answered(self, key: str, started: Record, answer: Answer) -> None:
        """Keep the answer for repeats."""
        await self._put(key, started, replace(started, state="answered", answer=answer))

    async def lost(self, key: str, started: Record) -> None:
        """Remember that nobody knows what was done."""
        await self._put(key, started, replace(started, state="lost"))

    async def release(self, key: str, started: Record) -> None:
        """Forget the key: nothing was done."""
        await self._put(key, started, None)

    def is_lost(self, record: Record) -> bool:
        """Say whether no answer of the first request is to be expected any more."""
        late = time.time() > record.since + self._settings.idempotency_patience
        return record.state == "lost" or (record.state == "started" and late)

    async def _put(self, key: str, known: Record, new: Record | None) -> bool:
        """Put a record in the place of the one that is known; False if it is not there."""
        text = new.dump() if new else b""
        kept_ms = self._settings.idempotency_retention * 1000
        async with asyncio.timeout(self._settings.redis_timeout):
            swapped = self._redis.eval(_SWAP, 1, self._name(key), known.dump(), text, kept_ms)
            return bool(await swapped)

    def _name(self, key: str) -> str:
        digest = hashlib.sha256(key.encode()).hexdigest()
        return f"{self._settings.redis_namespace}:idempotency:{self._service}:{digest}"

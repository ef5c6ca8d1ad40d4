"""Sessions in Redis: each begins with a login, goes on with every refresh, and ends for good."""

import datetime as dt
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from itertools import batched
from typing import Any, Final, Literal, cast

from pydantic import BaseModel, ValidationError
from redis.asyncio import Redis

from chassis_accounts.sealing import Seal
from chassis_accounts.settings import Settings

_BYTES = 32
MOST_SHOWN: Final = 100
AT_ONCE: Final = 1000
"""Sessions that end in one step."""

# One step, whatever the instances do at the same time. The token that was the right one before may
# come once more for a while, and gets what it got then: its answer may have been lost. Any other
# was used already, by somebody: nobody knows who is the thief, so the session ends.
_ROTATE: Final = """
local kept = redis.call('HMGET', KEYS[1], 'current', 'previous', 'rotated', 'successor', 'until')
if not kept[1] then return {'ended'} end
local now = tonumber(ARGV[4])
if ARGV[1] == kept[1] then
  redis.call('HSET', KEYS[1], 'current', ARGV[2], 'previous', ARGV[1], 'successor', ARGV[3],
    'rotated', ARGV[4])
  redis.call('EXPIRE', KEYS[1], math.ceil(math.min(tonumber(ARGV[6]), tonumber(kept[5]) - now)))
  return {'rotated'}
end
if ARGV[1] == kept[2] and now - tonumber(kept[3]) <= tonumber(ARGV[5]) then
  return {'repeated', kept[4]}
end
redis.call('DEL', KEYS[1])
return {'reused'}
"""


class RefreshToken(BaseModel):
    """What a refresh token says to those who can read it, which is this system alone."""

    session: str
    account: str
    secret: str

    @property
    def digest(self) -> str:
        """Give what is kept of it."""
        return sha256(self.secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Session:
    """A session as its owner sees it."""

    id: str
    began: dt.datetime
    refreshed: dt.datetime
    until: dt.datetime
    client: str


@dataclass(frozen=True, slots=True)
class Rotation:
    """What became of a refresh token, and the one that is right from now on."""

    outcome: Literal["rotated", "repeated", "reused", "ended"]
    token: str = ""


class Sessions:
    """The sessions of all accounts; every method raises what Redis raises."""

    def __init__(
        self,
        redis: Redis,
        namespace: str,
        settings: Settings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._redis = redis
        self.namespace = namespace
        self._settings = settings
        self._seal = Seal(settings.accounts_key.get_secret_value(), "refresh token")
        self._clock = clock
        self._rotate = redis.register_script(_ROTATE)

    async def begin(self, account: str, client: str, life: int | None = None) -> tuple[str, str]:
        """Begin a session; give its id and its first refresh token."""
        now = self._clock()
        life = life or self._settings.session_life
        until = now + life
        session = secrets.token_urlsafe(16)
        token, sealed = self._token(session, account)
        kept = {
            "account": account,
            "client": client,
            "current": token.digest,
            "began": now,
            "rotated": now,
            "until": until,
        }
        key = self._key(session)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(key, mapping=cast("dict[Any, Any]", kept))
            pipe.expire(key, min(self._settings.session_idle, life))
            pipe.zremrangebyscore(self._of(account), 0, now)
            pipe.zadd(self._of(account), {session: until})
            pipe.expire(self._of(account), self._settings.session_life)
            await pipe.execute()
        return session, sealed

    def read(self, sealed: str) -> RefreshToken | None:
        """Read a refresh token; None if this system has not made it."""
        text = self._seal.open(sealed)
        try:
            return RefreshToken.model_validate_json(text) if text else None
        except ValidationError:
            return None

    async def rotate(self, token: RefreshToken) -> Rotation:
        """Replace a refresh token by its successor."""
        new, sealed = self._token(token.session, token.account)
        outcome, *rest = await self._rotate(
            keys=[self._key(token.session)],
            args=[
                token.digest,
                new.digest,
                sealed,
                self._clock(),
                self._settings.refresh_tolerance,
                self._settings.session_idle,
            ],
        )
        told = outcome.decode()
        return Rotation(
            told, {"rotated": sealed, "repeated": b"".join(rest).decode()}.get(told, "")
        )

    async def goes_on(self, session: str) -> bool:
        """Say whether a session has not ended."""
        return bool(await self._redis.exists(self._key(session)))

    async def of(self, account: str) -> list[Session]:
        """Give the sessions of an account, the newest first, and not more than anybody looks at."""
        sessions = await self._members(account, MOST_SHOWN)
        async with self._redis.pipeline(transaction=False) as pipe:
            for session in sessions:
                pipe.hgetall(self._key(session))
            found = await pipe.execute()
        return [
            _session(session, kept) for session, kept in zip(sessions, found, strict=True) if kept
        ]

    async def end(self, session: str, account: str) -> bool:
        """End a session of an account; say whether there was one."""
        if await self._redis.zscore(self._of(account), session) is None:
            return False
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(self._key(session))
            pipe.zrem(self._of(account), session)
            ended, _ = await pipe.execute()
        return bool(ended)

    async def end_all(self, account: str, but: str | None = None) -> None:
        """End every session of an account, or every other one."""
        ending = [session for session in await self._members(account) if session != but]
        for some in batched(ending, AT_ONCE):
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.delete(*map(self._key, some))
                pipe.zrem(self._of(account), *some)
                await pipe.execute()

    async def _members(self, account: str, most: int = 0) -> list[str]:
        """Give the ids of the newest, or of all."""
        members = await self._redis.zrevrange(self._of(account), 0, most - 1)
        return [member.decode() for member in cast("list[bytes]", members)]

    def _token(self, session: str, account: str) -> tuple[RefreshToken, str]:
        secret = secrets.token_urlsafe(_BYTES)
        token = RefreshToken(session=session, account=account, secret=secret)
        return token, self._seal.close(token.model_dump_json())

    def _key(self, session: str) -> str:
        return f"{self.namespace}:session:{session}"

    def _of(self, account: str) -> str:
        return f"{self.namespace}:sessions:{account}"


def _session(session: str, kept: dict[bytes, bytes]) -> Session:
    began, rotated, until = (
        dt.datetime.fromtimestamp(float(kept[name]), dt.UTC)
        for name in (b"began", b"rotated", b"until")
    )
    return Session(session, began, rotated, until, kept[b"client"].decode())

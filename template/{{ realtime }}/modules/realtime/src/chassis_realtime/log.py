"""The log of an audience: a stream in Redis, in the order in which things happened.

It is what counts: whoever has an entry's id can read on from there, at any instance. That there is
something new is called out over pub/sub, which forgets; who was not listening reads the log.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol, cast

from redis.asyncio import Redis

PAGE = 100
"""Entries that are read at once."""

# The entry is written, kept, and called out in one step, unless it is there already.
_APPEND = """
if not redis.call('SET', KEYS[2], '', 'NX', 'EX', ARGV[4]) then return false end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'data', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', KEYS[1], id .. ' ' .. ARGV[1])
return id
"""
# An empty log gets a first entry that says nothing: there is always one to go on from.
_NEWEST = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if #last > 0 then return last[1][1] end
local id = redis.call('XADD', KEYS[1], '*', 'data', '')
redis.call('EXPIRE', KEYS[1], ARGV[1])
return id
"""
_ID = re.compile(r"\d{1,19}-\d{1,19}", re.ASCII)


class Gone(Exception):  # noqa: N818  # what has become of an entry, not an error of the code
    """The entry that a client has seen last is not in the log: nobody knows what it missed."""


class LogSettings(Protocol):
    """The settings of the features that count here."""

    realtime_log_length: int
    realtime_log_time: int
    realtime_repeat_time: int
    redis_namespace: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was told to an audience; the first one of a log says nothing."""

    id: str
    data: str


class Codec(Protocol):
    """How entries are kept."""

    def seal(self, text: str) -> str:
        """Give what is kept of an entry."""
        ...

    def open(self, kept: str) -> str:
        """Give the entry; raises Gone where nobody can tell it any more."""
        ...


class Plain:
    """Entries are kept as they are."""

    def seal(self, text: str) -> str:
        """Give the same."""
        return text

    def open(self, kept: str) -> str:
        """Give the same."""
        return kept


class Log:
    """Reads and writes the logs of all audiences."""

    def __init__(self, redis: Redis, settings: LogSettings) -> None:
        self._redis = redis
        self._settings = settings
        self._append = redis.register_script(_APPEND)
        self._newest = redis.register_script(_NEWEST)
        self.codec: Codec = Plain()
        self.prefix = f"{settings.redis_namespace}:live:"
        """What the names of the logs begin with; each is called out under its own name."""

    async def append(self, audience: str, event_id: str, data: str) -> None:
        """Tell an audience of an event; one that it was told of already is left out."""
        keys = [self._key(audience), f"{self._key(audience)}:{event_id}"]
        settings = self._settings
        kept = [settings.realtime_log_length, settings.realtime_log_time]
        sealed = self.codec.seal(data)
        await self._append(keys=keys, args=[sealed, *kept, settings.realtime_repeat_time])

    async def newest(self, audience: str) -> str:
        """Give the id of what was told last."""
        kept = self._settings.realtime_log_time
        return _text(await self._newest(keys=[self._key(audience)], args=[kept]))

    async def check(self, audience: str, position: str) -> None:
        """Raise Gone unless the log has this entry, so that it can be read on from there."""
        await self._page(audience, position, 0)

    async def after(self, audience: str, position: str) -> AsyncIterator[Entry]:
        """Give what came after an entry, page by page; raises Gone."""
        while True:
            page = await self._page(audience, position, PAGE)
            for entry in page:
                yield entry
            if len(page) < PAGE:
                return
            position = page[-1].id

    async def _page(self, audience: str, position: str, count: int) -> list[Entry]:
        if not _ID.fullmatch(position):
            raise Gone
        # With the entry itself: what is read in one step is whole, or the entry is not there.
        found = await self._redis.xrange(self._key(audience), min=position, count=count + 1)
        try:
            entries = [_entry(*pair) for pair in cast("list[tuple[bytes, Any]]", found)]
        except UnicodeDecodeError as error:  # not from here: nobody can tell it
            raise Gone from error
        if not entries or entries[0].id != position:
            raise Gone
        return [Entry(one.id, self.codec.open(one.data)) for one in entries[1:]]

    def called_out(self, payload: bytes) -> Entry:
        """Read what is said over pub/sub; raises Gone where nobody can tell it."""
        try:
            entry_id, _, data = payload.decode().partition(" ")
        except UnicodeDecodeError as error:
            raise Gone from error
        if not _ID.fullmatch(entry_id):
            raise Gone
        return Entry(entry_id, self.codec.open(data))

    def _key(self, audience: str) -> str:
        return f"{self.prefix}{audience}"


def is_after(one: str, other: str) -> bool:
    """Tell whether an entry came after another one of the same log."""
    return _order(one) > _order(other)


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, number = entry_id.partition("-")
    return int(milliseconds), int(number)


def _entry(entry_id: bytes, fields: dict[bytes, bytes]) -> Entry:
    return Entry(_text(entry_id), _text(fields.get(b"data", b"")))


def _text(given: bytes) -> str:
    return given.decode()

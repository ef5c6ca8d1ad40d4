"""The hub: all clients of this instance, and what each of them has not been sent yet.

A client reads the log of its audience from where it was to the end, and from then on what is called
out. Whatever happens to Redis or to the connection with it, each reads the log again from what
it was sent last: so nothing is lost, and nothing comes twice.
"""

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError

from chassis_realtime.log import Entry, Gone, Log, is_after
from chassis_redis.redis_client import AWAY, reason

logger = logging.getLogger(__name__)

QUIET_S = 5.0
"""Seconds without a word, after which Redis is asked whether it is still there."""
PAUSE_S = 0.5
"""Seconds before Redis is asked again."""


class End(Enum):
    """Why a client is told no more."""

    CLIENT = "the client has gone"
    SLOW = "it reads too slowly"
    SPOKE = "it sends something"
    STOPPING = "this instance stops"
    AWAY = "Redis does not answer"


class Ended(Exception):  # noqa: N818  # the end of a stream, not an error
    """A client is told no more; it goes on, here or elsewhere, from what it has seen last."""

    def __init__(self, why: End) -> None:
        super().__init__(why.value)
        self.why = why


class Missed(Exception):  # noqa: N818  # nothing to be told: the log is read again
    """Something may not have been called out."""


class Kind(Enum):
    """What a message is."""

    READY = "ready"
    """Nothing has happened yet: from here on everything will be told."""
    CHANGE = "change"
    RESET = "reset"
    """Something was missed and nobody knows what: load all of it anew, and go on from here."""
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True)
class Message:
    """What a client is told."""

    kind: Kind
    id: str
    data: str = ""


class Member:
    """One client: what it has not been sent yet, up to a bound."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._entries: deque[Entry] = deque()
        self._news = asyncio.Event()
        self._missed = False
        self._ending: End | None = None

    def offer(self, entry: Entry) -> None:
        """Keep an entry for the client; too many are the end."""
        if len(self._entries) >= self._bound:
            self.end(End.SLOW)
        elif self._ending is None:
            self._entries.append(entry)
            self._news.set()

    def miss(self) -> None:
        """Note that something may not have been called out."""
        self._missed = True
        self._news.set()

    def end(self, why: End) -> None:
        """Tell the client no more."""
        self._ending = why
        self._entries.clear()
        self._news.set()

    async def wait(self, seconds: float) -> Entry | None:
        """Give the next entry, or None when there is none for so long; raises Ended, and Missed."""
        if not self._entries and not self._ending and not self._missed:
            self._news.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._news.wait()
            except TimeoutError:
                return None
        if self._ending:
            raise Ended(self._ending)
        if self._missed:
            raise Missed
        return self._entries.popleft()


class Hub:
    """Tells the clients of this instance what is called out."""

    def __init__(self, redis: Redis, log: Log, *, bound: int, heartbeat: float) -> None:
        self.log = log
        self._redis = redis
        self._bound = bound
        self._heartbeat = heartbeat
        self.message_observers: list[Callable[[Message], object]] = []
        """Told of each message to a client."""
        self.end_observers: list[Callable[[End], object]] = []
        """Told of the end of each connection."""
        self.listening = True
        """Whether Redis calls out what is new; it need not for nobody."""
        self._needed = asyncio.Event()
        self._members: defaultdict[str, set[Member]] = defaultdict(set)
        self._stopped = False

    def ended(self, what: str, since: float, why: End) -> None:
        """Note that a connection has ended, which began at a moment of the monotonic clock."""
        logger.info("%s ended after %.0f s: %s", what, time.monotonic() - since, why.value)
        for observer in self.end_observers:
            observer(why)

    async def messages(
        self, audience: str, first: Message | None, position: str
    ) -> AsyncGenerator[Message]:
        """Give the first message, if there is one, and all that comes after it; raises Ended."""
        if first:
            yield self._told(first)
        async with aclosing(self.follow(audience, position)) as later:
            async for message in later:
                yield self._told(message)

    def _told(self, message: Message) -> Message:
        for observer in self.message_observers:
            observer(message)
        return message

    async def join(self, audience: str, last: str | None) -> Message | None:
        """Find out from where a client goes on, and what it is told first; None: from ``last``."""
        if last is None:
            return Message(Kind.READY, await self.log.newest(audience))
        try:
            await self.log.check(audience, last)
        except Gone:
            return await self._reset(audience)
        return None

    async def follow(self, audience: str, position: str) -> AsyncGenerator[Message]:
        """Give everything that comes after a position; raises Ended."""
        while True:
            try:
                async with aclosing(self._from(audience, position)) as messages:
                    async for message in messages:
                        position = message.id
                        if message.kind is Kind.HEARTBEAT or message.data:
                            yield message
            except Missed:
                continue
            except Gone:
                message = await self._reset(audience)
                position = message.id
                yield message
            except AWAY as error:
                raise Ended(End.AWAY) from error

    async def _from(self, audience: str, position: str) -> AsyncGenerator[Message]:
        """Give everything that comes after a position, until something was missed."""
        # Most of it before anything is collected: it may be a lot.
        async for entry in self.log.after(audience, position):
            position = entry.id
            yield Message(Kind.CHANGE, entry.id, entry.data)
        async with self._membership(audience) as member:
            async for entry in self.log.after(audience, position):
                position = entry.id
                yield Message(Kind.CHANGE, entry.id, entry.data)
            while True:
                new = await member.wait(self._heartbeat)
                if new is None:
                    yield Message(Kind.HEARTBEAT, position)
                elif is_after(new.id, position):
                    position = new.id
                    yield Message(Kind.CHANGE, new.id, new.data)

    @asynccontextmanager
    async def _membership(self, audience: str) -> AsyncIterator[Member]:
        member = Member(self._bound)
        if self._stopped:
            member.end(End.STOPPING)
        self._members[audience].add(member)
        self._needed.set()
        try:
            yield member
        finally:
            self._members[audience].discard(member)

    async def _reset(self, audience: str) -> Message:
        return Message(Kind.RESET, await self.log.newest(audience))

    def begin(self) -> None:
        """Get ready to hear, in the event loop that runs now: an application may be served again."""
        self._needed, self._stopped = asyncio.Event(), False

    def stop(self) -> None:
        """Tell nobody any more: the process is about to end."""
        self._stopped = True
        for member in self._everybody():
            member.end(End.STOPPING)

    async def listen(self) -> None:
        """Hear what is called out, from the first client on, for as long as the process runs."""
        await self._needed.wait()
        while True:
            try:
                async with self._redis.pubsub() as bell:
                    await bell.psubscribe(f"{self.log.prefix}*")
                    await self._hear(bell)
            except AWAY as error:
                if self.listening:
                    logger.warning("Redis does not call out what is new: %s", reason(error))
                self.listening = False
            except Exception:  # whatever it was: nobody would be told anything any more
                logger.exception("What Redis calls out is not understood")
                self.listening = False
            await asyncio.sleep(PAUSE_S)

    async def _hear(self, bell: PubSub) -> None:
        asked = False
        while True:
            heard = await bell.get_message(timeout=QUIET_S)
            if heard is not None:
                asked = False
                self._take(heard)
            elif asked:
                raise RedisConnectionError("no answer in time")
            else:
                await bell.ping()
                asked = True

    def _take(self, heard: dict[str, Any]) -> None:
        if heard["type"] == "psubscribe":  # for the first time, or after the connection was lost
            if not self.listening:
                logger.info("Redis calls out what is new again")
            self.listening = True
            for member in self._everybody():
                member.miss()
        elif heard["type"] == "pmessage":
            audience = heard["channel"].decode().removeprefix(self.log.prefix)
            members = self._members.get(audience, ())
            try:
                entry = self.log.called_out(heard["data"])
            except Gone:
                for member in members:
                    member.miss()
            else:
                for member in members:
                    member.offer(entry)

    def _everybody(self) -> list[Member]:
        return [member for members in self._members.values() for member in members]

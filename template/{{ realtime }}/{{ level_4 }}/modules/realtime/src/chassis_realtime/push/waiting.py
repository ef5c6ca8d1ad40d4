"""Pushes that wait, in Redis: each of one event to one device, with the time at which it is due.

Whoever takes one has it for ``LEASE_S`` seconds. A worker that dies meanwhile has not settled it,
and another one takes it then: what was passed on already is passed on again, which devices do not notice.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast
from uuid import UUID

from redis.asyncio import Redis

from chassis_realtime.devices import Kind
from chassis_realtime.push.providers.port import Notice

LEASE_S = 60
DONE = ""
"""The place in a list of devices after the last page."""

# What is due is taken and put off in one step: no two workers take the same.
_TAKE = """
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, one in ipairs(found) do redis.call('ZADD', KEYS[1], 'XX', ARGV[2], one) end
return found
"""


class WaitingSettings(Protocol):
    """The settings that count here."""

    push_life: int
    redis_namespace: str


@dataclass(frozen=True, slots=True)
class Push:
    """What waits: an event that a device is to be told of."""

    event: UUID
    device: UUID
    kind: Kind
    """Of the device, so that nobody is asked for it while its provider is left alone."""

    @property
    def name(self) -> str:
        """Give what it is called in Redis."""
        return f"{self.event}:{self.device}:{self.kind}"


class Waiting:
    """Keeps pushes until they are settled; raises what Redis raises."""

    def __init__(self, redis: Redis, settings: WaitingSettings) -> None:
        prefix = f"{settings.redis_namespace}:push:"
        self._redis = redis
        self._life = settings.push_life
        self._due = f"{prefix}due"
        self._event, self._places = f"{prefix}event:", f"{prefix}places:"
        self._take = redis.register_script(_TAKE)

    async def number(self) -> int:
        """Say how many wait."""
        return await self._redis.zcard(self._due)

    async def places(self, event: UUID) -> Mapping[str, str]:
        """Give the cursor at which to go on in each audience; `DONE` where all have their push."""
        found = await self._redis.hgetall(f"{self._places}{event}")
        places = cast("dict[bytes, bytes]", found).items()
        return {audience.decode(): place.decode() for audience, place in places}

    async def add(
        self, notice: Notice, audience: str, pushes: Iterable[Push], place: str, now: float
    ) -> None:
        """Have a page of an audience told of an event, and note where the next one begins.

        It is one step, as RabbitMQ may hand the event out again: who is settled by then is not on a
        page that is read again.
        """
        names = {push.name: now for push in pushes}
        places = f"{self._places}{notice.id}"
        async with self._redis.pipeline() as pipeline:
            pipeline.set(f"{self._event}{notice.id}", _written(notice), ex=self._life)
            pipeline.hset(places, audience, place)
            pipeline.expire(places, self._life)
            if names:
                pipeline.zadd(self._due, names, nx=True)
            await pipeline.execute()

    async def take(self, most: int, now: float) -> list[Push]:
        """Give pushes that are due."""
        found = await self._take(keys=[self._due], args=[now, now + LEASE_S, most])
        return [_read(name) for name in cast("list[bytes]", found)]

    async def notice(self, push: Push) -> Notice | None:
        """Give what a device is to be told; None once that is too old."""
        text = await self._redis.get(f"{self._event}{push.event}")
        return None if text is None else _notice(cast("bytes", text))

    async def put_off(self, push: Push, until: float) -> None:
        """Have a push tried again at a time."""
        await self._redis.zadd(self._due, {push.name: until}, xx=True)

    async def settle(self, push: Push) -> None:
        """Be done with a push."""
        await self._redis.zrem(self._due, push.name)


def _read(name: bytes) -> Push:
    event, device, kind = name.decode().split(":")
    return Push(UUID(event), UUID(device), cast("Kind", kind))


def _written(notice: Notice) -> str:
    at = notice.happened_at.isoformat()
    return json.dumps([str(notice.id), notice.type, str(notice.record), at])


def _notice(text: bytes) -> Notice:
    event, type_, record, at = json.loads(text)
    return Notice(UUID(event), type_, UUID(record), datetime.fromisoformat(at))

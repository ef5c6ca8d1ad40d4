"""Whose turn it is: one process takes updates from the inbox, and another one only when it has gone."""

import asyncio
from contextlib import suppress

from redis.asyncio import Redis
from redis.exceptions import LockError

from chassis.bot_webhook.telling import bell_of
from chassis_bot.source import NoUpdates, Taken
from chassis_redis.redis_client import AWAY, reason

TWO = "another process takes this bot's updates"


class Turn:
    """A lease in Redis: a process that dies loses it after some seconds, one that stops at once."""

    def __init__(self, redis: Redis, namespace: str, lease_s: float) -> None:
        self.lease_s = lease_s
        self._redis = redis
        self._bell = bell_of(namespace)
        self._lock = redis.lock(f"{namespace}:bot:inbox", timeout=lease_s, thread_local=False)
        self._keeping: asyncio.Task[None] | None = None

    async def take(self) -> None:
        """Have it from now on until it is given back; raises Taken while somebody else has it, and NoUpdates."""
        try:
            if not (await self._is_kept() or await self._lock.acquire(blocking=False)):
                raise Taken(TWO, self.lease_s / 2)
        except AWAY as error:
            raise NoUpdates(f"Redis is away: {reason(error)}", 1) from None
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        """Renew it in time, whatever the process is waiting for."""
        while True:
            await asyncio.sleep(self.lease_s / 3)
            with suppress(*AWAY):
                if not await self._is_kept():
                    return

    async def _is_kept(self) -> bool:
        try:
            return await self._lock.reacquire()
        except LockError:  # it was never taken, or has ended
            return False

    async def give_back(self) -> None:
        """Let others have it at once."""
        if self._keeping:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        try:
            await self._lock.release()
        except (LockError, *AWAY):
            return  # it ends by itself

    async def is_called(self) -> bool:
        """Tell whether the bell has rung since it was asked last: something has come."""
        try:
            return await self._redis.getdel(self._bell) is not None
        except AWAY:
            return False

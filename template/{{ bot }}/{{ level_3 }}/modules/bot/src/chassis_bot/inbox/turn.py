"""Whose turn it is: one process takes updates from the inbox, and another one only when it has gone."""

from redis.asyncio import Redis
from redis.exceptions import LockError

from chassis.bot_webhook.telling import bell_of
from chassis_bot.source import NoUpdates
from chassis_redis.redis_client import AWAY, reason

TWO = "another process takes this bot's updates"


class Turn:
    """A lease in Redis: a process that dies loses it after some seconds, one that stops at once."""

    def __init__(self, redis: Redis, namespace: str, lease_s: float) -> None:
        self.lease_s = lease_s
        self._redis = redis
        self._bell = bell_of(namespace)
        self._lock = redis.lock(f"{namespace}:bot:inbox", timeout=lease_s, thread_local=False)

    async def take(self) -> None:
        """Have it from now on for so many seconds; raises NoUpdates while somebody else has it."""
        try:
            if not (await self._is_kept() or await self._lock.acquire(blocking=False)):
                raise NoUpdates(TWO, self.lease_s / 2)
        except AWAY as error:
            raise NoUpdates(f"Redis is away: {reason(error)}", 1) from None

    async def _is_kept(self) -> bool:
        try:
            return await self._lock.reacquire()
        except LockError:  # it was never taken, or has ended
            return False

    async def give_back(self) -> None:
        """Let others have it at once."""
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

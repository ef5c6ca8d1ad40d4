"""How often somebody may try to log in: by account and address, so that nobody locks others out."""

from hashlib import sha256

from redis.asyncio import Redis

from chassis_accounts.errors import TooManyAttempts
from chassis_accounts.settings import Settings


class Throttle:
    """Counts attempts in Redis, so that all instances count together; raises what Redis raises."""

    def __init__(self, redis: Redis, namespace: str, settings: Settings) -> None:
        self._redis = redis
        self._namespace = namespace
        self._settings = settings

    async def admit(self, email: str, address: str) -> None:
        """Count an attempt before anything is checked; raises TooManyAttempts."""
        await self._count(self._settings.login_attempts_of_address, "address", address)
        await self._count(self._settings.login_attempts, "account", email, address)

    async def admit_code(self, account: str) -> None:
        """Count a code for an account, wherever it comes from: whoever sends one has the password."""
        await self._count(2 * self._settings.login_attempts, "code", account)

    async def forget(self, email: str, address: str, account: str) -> None:
        """Forget the attempts of somebody who has logged in."""
        await self._redis.delete(self._key("account", email, address), self._key("code", account))

    async def _count(self, most: int, *about: str) -> None:
        key = self._key(*about)
        async with self._redis.pipeline(transaction=True) as pipe:
            # The window begins with the first attempt: who goes on trying does not prolong it.
            pipe.set(key, 0, nx=True, ex=self._settings.login_window)
            pipe.incr(key)
            pipe.ttl(key)
            _, count, left = await pipe.execute()
        if count > most:
            raise TooManyAttempts(max(int(left), 1))

    def _key(self, *about: str) -> str:
        digest = sha256("\n".join(about).encode()).hexdigest()
        return f"{self._namespace}:attempts:{digest}"

"""Redis: one pool of connections, at ``app.state.redis``.

It connects with the first command. A command that is not answered in time fails: who sends it
knows how to do without.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from chassis.feature import Host
from chassis_redis.redis_client.settings import Settings

__all__ = ["AWAY", "Settings", "connect", "install", "lifespan", "reason"]

AWAY = (RedisError, OSError)  # OSError: time-outs, too
"""What a command raises while Redis is away."""


def install(host: Host, settings: Settings) -> None:
    """Give the application, or worker, its client."""
    host.state.redis = connect(settings)


@asynccontextmanager
async def lifespan(host: Host, _settings: Settings) -> AsyncIterator[None]:
    """Close the connections when the process stops."""
    try:
        yield
    finally:
        await host.state.redis.aclose()


def connect(settings: Settings) -> Redis:
    """Make a client; it waits for a connection no longer than for an answer."""
    password = settings.redis_password
    pool = BlockingConnectionPool.from_url(
        settings.redis_url,
        password=password.get_secret_value() if password else None,  # that of the URL counts more
        max_connections=settings.redis_pool_size,
        timeout=settings.redis_timeout,
        socket_timeout=settings.redis_timeout,
        socket_connect_timeout=settings.redis_timeout,
        # A restarted Redis has closed every idle connection: the next command opens it again.
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
    )
    return Redis.from_pool(pool)


def reason(error: Exception) -> str:
    """Say in a log why Redis is away."""
    return str(error) or "no answer in time"

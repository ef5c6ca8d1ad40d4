"""Redis as something that a service or a worker can do without, at the price of speed."""

from redis.exceptions import RedisError

from chassis.feature import Host, no_lifespan
from chassis.problems import Unavailable

NO_ANSWER = "Redis does not answer."


def install(host: Host, _settings: object) -> None:
    """Add the check: a command is answered."""

    async def check() -> None:
        try:
            await host.state.redis.ping()
        except (RedisError, OSError) as error:
            raise Unavailable(NO_ANSWER) from error

    host.state.checks.add("redis", check, optional=True)


lifespan = no_lifespan

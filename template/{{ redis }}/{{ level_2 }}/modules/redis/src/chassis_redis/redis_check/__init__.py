"""Redis as something that a business service can do without, at the price of speed."""

from fastapi import FastAPI
from redis.exceptions import RedisError

from chassis.feature import no_lifespan
from chassis.problems import Unavailable

NO_ANSWER = "Redis does not answer."


def install(app: FastAPI, _settings: object) -> None:
    """Add the check: a command is answered."""

    async def check() -> None:
        try:
            await app.state.redis.ping()
        except (RedisError, OSError) as error:
            raise Unavailable(NO_ANSWER) from error

    app.state.checks.add("redis", check, optional=True)


lifespan = no_lifespan

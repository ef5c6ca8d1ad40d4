from typing import Protocol

from chassis.bot_webhook.telling import PATH, NewBotUpdate
from chassis.http_client import Reply, raise_for_problem
from chassis_redis.redis_client import AWAY

_RINGS_S = 60


class Http(Protocol):
    """The call of HttpClient that is needed here."""

    async def put(self, url: str, *, json_body: bytes | None = None) -> Reply:
        """Set."""
        ...


class Bell(Protocol):
    """The command of Redis that is needed here."""

    async def set(self, name: str, value: int, *, ex: int) -> object:
        """Set a key, for some seconds."""
        ...


class BotUpdates:
    """Updates, kept by the data service until the bot has handled them."""

    def __init__(self, http: Http, base_url: str, redis: Bell, bell: str) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}{PATH}"
        self._redis = redis
        self._bell = bell

    async def keep(self, update_id: int, body: bytes) -> None:
        """Keep an update; twice is once. Raises what the data service answers, such as Unavailable."""
        new = NewBotUpdate(body=body.decode()).model_dump_json().encode()
        raise_for_problem(await self._http.put(f"{self._url}/{update_id}", json_body=new))
        try:
            await self._redis.set(self._bell, 1, ex=_RINGS_S)
        except AWAY:
            return  # the bot finds it all the same, when it looks next

import re
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlencode

from chassis.http_client import HttpClient, Params, Reply
from chassis.problems import Unavailable
from chassis_redis.cache.answers import Answers
from chassis_redis.http import Call, HttpLayer

_COLLECTION = re.compile(r"/(?:api/)?(?:v\d+/)?[^/?]+")


class CachedHttp(HttpLayer):
    """Answers a GET of the services at these addresses from the cache, if it can."""

    def __init__(
        self, inner: HttpClient | HttpLayer, answers: Answers, addresses: Sequence[str]
    ) -> None:
        super().__init__(inner)
        self._answers = answers
        self._addresses = addresses

    async def get(self, url: str, *, params: Params | None = None) -> Reply:
        """Read ``url``; what others wrote to the collection before is in the answer."""
        collection = self._collection(url)
        if collection is None:
            return await super().get(url, params=params)
        name = _name(url, params)
        kept = await self._answers.find(collection, name)
        if kept.body is not None:
            return Reply(HTTPStatus.OK, kept.body)
        reply = await super().get(url, params=params)
        if reply.status == HTTPStatus.OK and kept.generation:
            await self._answers.keep(kept.generation, name, reply.body)
        return reply

    async def write(self, url: str, call: Call) -> Reply:
        """Make the call; none of the collection's answers from before it is used after it."""
        collection = self._collection(url)
        if collection is None:
            return await call()
        await self._answers.close(collection)
        try:
            reply = await call()
        except Unavailable:  # it may yet be carried out
            await self._answers.close(collection)
            raise
        if reply.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            await self._answers.renew(collection)
        else:  # this may, too
            await self._answers.close(collection)
        return reply

    def _collection(self, url: str) -> str | None:
        """Name the collection that a URL belongs to, with the service that has it."""
        for address in self._addresses:
            if url.startswith(address) and (found := _COLLECTION.match(url, len(address))):
                return url[: found.end()]
        return None


def _name(url: str, params: Params | None) -> str:
    """Name an answer: the order of the parameters does not matter."""
    given = sorted((key, value) for key, value in (params or {}).items() if value is not None)
    return f"{url}?{urlencode(given)}"

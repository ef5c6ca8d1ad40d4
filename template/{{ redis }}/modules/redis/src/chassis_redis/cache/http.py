import re
from collections.abc import Collection, Sequence
from http import HTTPStatus
from urllib.parse import urlencode

from chassis.http_client import Headers, HttpClient, Params, Reply
from chassis.problems import OutcomeUnknown, Unavailable
from chassis_redis.cache.answers import Answers
from chassis_redis.http import Call, HttpLayer

_COLLECTION = re.compile(r"/(?:api/)?(?:v\d+/)?[^/?]+")


class CachedHttp(HttpLayer):
    """Answers a GET of the services at these addresses from the cache, if it can."""

    def __init__(
        self,
        inner: HttpClient | HttpLayer,
        answers: Answers,
        addresses: Sequence[str],
        ignored: Collection[str],
    ) -> None:
        super().__init__(inner)
        self.answers = answers
        self._addresses = addresses
        self._set_aside = {name.lower() for name in ignored}

    async def get(
        self, url: str, *, params: Params | None = None, headers: Headers | None = None
    ) -> Reply:
        """Read ``url``; what others wrote to the collection before is in the answer.

        With ``Cache-Control: no-cache`` it is the service that answers.
        """
        collection = self._collection(url)
        if collection is None:
            return await super().get(url, params=params, headers=headers)
        sent = self._headers(headers)
        name = _name(url, params, sent)
        kept = await self.answers.find(collection, name)
        if kept.body is not None and sent.get("cache-control") != "no-cache":
            return Reply(HTTPStatus.OK, kept.body)
        reply = await super().get(url, params=params, headers=headers)
        if reply.status == HTTPStatus.OK and kept.generation:
            await self.answers.keep(kept.generation, name, reply.body)
        return reply

    async def write(self, url: str, call: Call) -> Reply:
        """Make the call; none of the collection's answers from before it is used after it."""
        collection = self._collection(url)
        if collection is None:
            return await call()
        await self.answers.close(collection)
        try:
            reply = await call()
        except (OutcomeUnknown, Unavailable):  # it may yet be carried out
            await self.answers.close(collection)
            raise
        if reply.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            await self.answers.renew(collection)
        else:  # this may, too
            await self.answers.close(collection)
        return reply

    def _headers(self, own: Headers | None) -> dict[str, str]:
        """Give what will be sent, without what says nothing of who asks."""
        provided = [provider() for provider in self.header_providers]
        sent = {
            name.lower(): value
            for headers in (*provided, own or {})
            for name, value in headers.items()
        }
        ignored = self._set_aside | self.neutral_headers
        return {name: value for name, value in sent.items() if name not in ignored}

    def _collection(self, url: str) -> str | None:
        """Name the collection that a URL belongs to, with the service that has it."""
        for address in self._addresses:
            if url.startswith(address) and (found := _COLLECTION.match(url, len(address))):
                return url[: found.end()]
        return None


def _name(url: str, params: Params | None, headers: Headers) -> str:
    """Name an answer by all that it may depend on: who asks, too. No order matters."""
    given = sorted((key, value) for key, value in (params or {}).items() if value is not None)
    asking = sorted((key, value) for key, value in headers.items() if key != "cache-control")
    return f"{url}?{urlencode(given)}\n{urlencode(asking)}"

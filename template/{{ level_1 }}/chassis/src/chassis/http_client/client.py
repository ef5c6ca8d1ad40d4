import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp
import stamina

from chassis.http_client.settings import Settings
from chassis.problems import Unavailable

type Params = Mapping[str, str | int | float | bool | None]
type HeaderProvider = Callable[[], Mapping[str, str]]

NO_ANSWER = "A service that is needed for this does not answer."
PASSING_STATUSES = frozenset({502, 503, 504})
JSON_HEADERS = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a service answered."""

    status: int
    body: bytes


class _PassingError(Exception):
    """An answer that may well be another one in a moment."""

    def __init__(self, url: str, reply: Reply) -> None:
        super().__init__(f"{url} answered {reply.status}")
        self.reply = reply


_PASSING = (aiohttp.ClientConnectionError, _PassingError)


class HttpClient:
    """Calls to other services over one pool of connections.

    Every call raises Unavailable when there is no answer in time. Only a GET is tried again: on
    a failed connection and on 502, 503 and 504. Redirects are not followed.
    """

    def __init__(self, settings: Settings) -> None:
        self.header_providers: list[HeaderProvider] = []
        """Asked at every attempt for headers that it shall send besides."""
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._again = stamina.AsyncRetryingCaller(
            attempts=settings.http_attempts - 1,
            timeout=settings.http_timeout,
            wait_initial=0.1,
            wait_max=1,
        ).on(_PASSING)

    async def get(self, url: str, *, params: Params | None = None) -> Reply:
        """Read ``url``; parameters that are None are left out."""
        return await self._call("GET", url, params, None)

    async def post(
        self, url: str, *, params: Params | None = None, json_body: bytes | None = None
    ) -> Reply:
        """Send JSON that is already serialised."""
        return await self._call("POST", url, params, json_body)

    async def put(
        self, url: str, *, params: Params | None = None, json_body: bytes | None = None
    ) -> Reply:
        """Set what is at ``url`` to JSON that is already serialised."""
        return await self._call("PUT", url, params, json_body)

    async def patch(
        self, url: str, *, params: Params | None = None, json_body: bytes | None = None
    ) -> Reply:
        """Send changes as JSON that is already serialised."""
        return await self._call("PATCH", url, params, json_body)

    async def delete(self, url: str, *, params: Params | None = None) -> Reply:
        """Remove what is at ``url``."""
        return await self._call("DELETE", url, params, None)

    async def close(self) -> None:
        """Close every connection; a later call opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _call(
        self, method: str, url: str, params: Params | None, json_body: bytes | None
    ) -> Reply:
        query = _texts(params) if params else None
        try:
            async with asyncio.timeout(self._settings.http_timeout):
                if method == "GET" and self._settings.http_attempts > 1:
                    return await self._repeatedly(url, query)
                return await self._send(method, url, query, json_body)
        except _PassingError as error:
            return error.reply
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(NO_ANSWER) from error

    async def _repeatedly(self, url: str, query: dict[str, str] | None) -> Reply:
        try:  # most calls succeed at once, and need not prepare for more
            return await self._passing(url, query)
        except _PASSING:
            return await self._again(self._passing, url, query)

    async def _passing(self, url: str, query: dict[str, str] | None) -> Reply:
        reply = await self._send("GET", url, query, None)
        if reply.status in PASSING_STATUSES:
            raise _PassingError(url, reply)
        return reply

    async def _send(
        self, method: str, url: str, query: dict[str, str] | None, json_body: bytes | None
    ) -> Reply:
        headers = {} if json_body is None else dict(JSON_HEADERS)
        for provided in self.header_providers:
            headers |= provided()
        async with self._open_session().request(
            method, url, params=query, data=json_body, headers=headers, allow_redirects=False
        ) as response:
            return Reply(response.status, await response.read())

    def _open_session(self) -> aiohttp.ClientSession:
        """Open the session inside the running event loop, which it is bound to."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._settings.http_pool_size),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(
                    total=self._settings.http_timeout,
                    sock_connect=self._settings.http_connect_timeout,
                ),
            )
        return self._session


def _texts(params: Params) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in params.items()
        if value is not None
    }

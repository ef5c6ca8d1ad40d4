import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from urllib.parse import urlsplit

import aiohttp
import stamina

from chassis.effects import take_note
from chassis.http_client.reading import read
from chassis.http_client.retries import RetryBudget
from chassis.http_client.settings import Settings
from chassis.problems import OVERLOADED, OutcomeUnknown, Unavailable

type Params = Mapping[str, str | int | float | bool | None]
type Headers = Mapping[str, str]
type HeaderProvider = Callable[[], Headers]

NO_ANSWER = "A service that is needed for this does not answer."
NO_CONFIRMATION = "A service that is needed for this did not confirm: it may be done or not."
PASSING_STATUSES = frozenset({502, 503, 504})
JSON_HEADERS = {"Content-Type": "application/json"}
# Less than servers keep an idle connection: a write must not go out on one that is being closed.
IDLE_S = 4


@dataclass(frozen=True, slots=True)
class Reply:
    """What a service answered."""

    status: int
    body: bytes
    method: str = field(default="GET", compare=False)
    """Of the request: what a failure means depends on whether it was a write."""

    @property
    def overload(self) -> bool:
        """Say whether the service has too much to do already."""
        busy = self.status == HTTPStatus.SERVICE_UNAVAILABLE and OVERLOADED.encode() in self.body
        return busy or self.status == HTTPStatus.TOO_MANY_REQUESTS

    @property
    def done_nothing(self) -> bool:
        """Say whether the service has refused; 503 means by its definition that it could not."""
        refused = HTTPStatus.BAD_REQUEST <= self.status < HTTPStatus.INTERNAL_SERVER_ERROR
        return refused or self.status == HTTPStatus.SERVICE_UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Request:
    """What a service is asked."""

    method: str
    url: str
    params: Params | None
    headers: Headers | None
    body: bytes | None = None

    @property
    def query(self) -> dict[str, str] | None:
        """Give the parameters that are not None as texts."""
        return _texts(self.params) if self.params else None


type Call = Callable[[Request], Awaitable[Reply]]
type Interceptor = Callable[[Request, Call], Awaitable[Reply]]


class _PassingError(RuntimeError):
    """An answer that may well be another one in a moment."""

    def __init__(self, url: str, reply: Reply) -> None:
        super().__init__(f"{urlsplit(url).netloc} answered {reply.status}")
        self.reply = reply


_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class HttpClient:
    """Calls to other services over one pool of connections.

    Every call raises Unavailable when there is no answer in time; a write that was sent raises
    OutcomeUnknown then. Only a GET is tried again: on a failed connection and on 502, 503 and 504,
    but not after a time-out, nor when the service says that it has too much to do already.
    Redirects are not followed.
    """

    def __init__(self, settings: Settings) -> None:
        self.header_providers: list[HeaderProvider] = []
        """Asked at every attempt for headers that it shall send besides."""
        self.neutral_headers: set[str] = set()
        """Those of them, in lower case, that say nothing of who asks."""
        self.interceptors: list[Interceptor] = []
        """Make a call, its retries included, or refuse to; the last one is asked first."""
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._budget = RetryBudget(settings.http_retry_share)
        self._again = stamina.AsyncRetryingCaller(
            attempts=settings.http_attempts - 1,
            timeout=settings.http_timeout,
            wait_initial=0.1,
            wait_max=1,
        ).on(self._may_repeat)

    async def get(
        self, url: str, *, params: Params | None = None, headers: Headers | None = None
    ) -> Reply:
        """Read ``url``; parameters that are None are left out."""
        return await self.read(Request("GET", url, params, headers))

    async def post(
        self,
        url: str,
        *,
        params: Params | None = None,
        json_body: bytes | None = None,
        headers: Headers | None = None,
    ) -> Reply:
        """Send JSON that is already serialised."""
        return await self.write(Request("POST", url, params, headers, json_body))

    async def put(
        self,
        url: str,
        *,
        params: Params | None = None,
        json_body: bytes | None = None,
        headers: Headers | None = None,
    ) -> Reply:
        """Set what is at ``url`` to JSON that is already serialised."""
        return await self.write(Request("PUT", url, params, headers, json_body))

    async def patch(
        self,
        url: str,
        *,
        params: Params | None = None,
        json_body: bytes | None = None,
        headers: Headers | None = None,
    ) -> Reply:
        """Send changes as JSON that is already serialised."""
        return await self.write(Request("PATCH", url, params, headers, json_body))

    async def delete(
        self, url: str, *, params: Params | None = None, headers: Headers | None = None
    ) -> Reply:
        """Remove what is at ``url``."""
        return await self.write(Request("DELETE", url, params, headers))

    async def close(self) -> None:
        """Close every connection; a later call opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def read(self, request: Request) -> Reply:
        """Make a call that changes nothing."""
        return await self._intercepted(request, self._read)

    async def write(self, request: Request) -> Reply:
        """Make a call that may change something."""
        return await self._intercepted(request, self._write)

    async def _intercepted(self, request: Request, call: Call) -> Reply:
        for interceptor in self.interceptors:
            call = partial(_ask, interceptor, call)
        return await call(request)

    async def _read(self, request: Request) -> Reply:
        self._budget.earn()
        try:
            async with asyncio.timeout(self._settings.http_timeout):
                return await self._repeatedly(request)
        except _PassingError as error:
            return error.reply
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(NO_ANSWER) from error

    async def _write(self, request: Request) -> Reply:
        self._budget.earn()
        possible = True  # also if this is cancelled
        try:
            async with asyncio.timeout(self._settings.http_timeout):
                reply = await self._send(request)
            possible = not reply.done_nothing
        except _NEVER_SENT as error:
            possible = False
            raise Unavailable(NO_ANSWER) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise OutcomeUnknown(NO_CONFIRMATION) from error
        finally:
            if possible:
                take_note()
        return reply

    async def _repeatedly(self, request: Request) -> Reply:
        try:  # most calls succeed at once, and need not prepare for more
            return await self._passing(request)
        except (aiohttp.ClientConnectionError, _PassingError) as error:
            if self._settings.http_attempts == 1 or not self._may_repeat(error):
                raise
            return await self._again(self._passing, request)

    def _may_repeat(self, error: Exception) -> bool:
        match error:
            case _PassingError():
                passing = not error.reply.overload
            case aiohttp.ServerTimeoutError():  # whoever is slow must not get more to do
                passing = False
            case _:
                passing = isinstance(error, aiohttp.ClientConnectionError)
        return passing and self._budget.spend()

    async def _passing(self, request: Request) -> Reply:
        reply = await self._send(request)
        if reply.status in PASSING_STATUSES:
            raise _PassingError(request.url, reply)
        return reply

    async def _send(self, request: Request) -> Reply:
        headers = {} if request.body is None else dict(JSON_HEADERS)
        for provided in self.header_providers:
            headers |= provided()
        headers |= request.headers or {}
        async with self._open_session().request(
            request.method,
            request.url,
            params=request.query,
            data=request.body,
            headers=headers,
            allow_redirects=False,
        ) as response:
            body = await read(response, self._settings.http_max_answer_bytes)
            return Reply(response.status, body, request.method)

    def _open_session(self) -> aiohttp.ClientSession:
        """Open the session inside the running event loop, which it is bound to."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._settings.http_pool_size, keepalive_timeout=IDLE_S
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(
                    total=self._settings.http_timeout, connect=self._settings.http_connect_timeout
                ),
            )
            # It would send a DELETE or PUT again whose connection broke: a second one may say 404.
            self._session._retry_connection = False  # noqa: SLF001
        return self._session


async def _ask(interceptor: Interceptor, call: Call, request: Request) -> Reply:
    return await interceptor(request, call)


def _texts(params: Params) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in params.items()
        if value is not None
    }

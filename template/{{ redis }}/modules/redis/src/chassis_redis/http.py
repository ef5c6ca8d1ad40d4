"""A client of other services around another one: what it does besides is in a subclass."""

from collections.abc import Awaitable, Callable
from functools import partial

from chassis.http_client import HeaderProvider, Headers, HttpClient, Interceptor, Params, Reply

type Call = Callable[[], Awaitable[Reply]]


class HttpLayer:
    """Passes every call on; a subclass says what it does with reads and with writes."""

    def __init__(self, inner: "HttpClient | HttpLayer") -> None:
        self._inner = inner

    @property
    def header_providers(self) -> list[HeaderProvider]:
        """Asked at every attempt for headers that it shall send besides."""
        return self._inner.header_providers

    @property
    def neutral_headers(self) -> set[str]:
        """Those of them, in lower case, that say nothing of who asks."""
        return self._inner.neutral_headers

    @property
    def interceptors(self) -> list[Interceptor]:
        """Make each call that is really made, or refuse to."""
        return self._inner.interceptors

    async def get(
        self, url: str, *, params: Params | None = None, headers: Headers | None = None
    ) -> Reply:
        """Read ``url``; parameters that are None are left out."""
        return await self._inner.get(url, params=params, headers=headers)

    async def post(
        self,
        url: str,
        *,
        params: Params | None = None,
        json_body: bytes | None = None,
        headers: Headers | None = None,
    ) -> Reply:
        """Send JSON that is already serialised."""
        call = partial(self._inner.post, url, params=params, json_body=json_body, headers=headers)
        return await self.write(url, call)

    async def put(
        self,
        url: str,
        *,
        params: Params | None = None,
        json_body: bytes | None = None,
        headers: Headers | None = None,
    ) -> Reply:
        """Set what is at ``url`` to JSON that is already serialised."""
        call = partial(self._inner.put, url, params=params, json_body=json_body, headers=headers)
        return await self.write(url, call)

    async def patch(
        self,
        url: str,
        *,
        params: Params | None = None,
        json_body: bytes | None = None,
        headers: Headers | None = None,
    ) -> Reply:
        """Send changes as JSON that is already serialised."""
        call = partial(self._inner.patch, url, params=params, json_body=json_body, headers=headers)
        return await self.write(url, call)

    async def delete(
        self, url: str, *, params: Params | None = None, headers: Headers | None = None
    ) -> Reply:
        """Remove what is at ``url``."""
        return await self.write(
            url, partial(self._inner.delete, url, params=params, headers=headers)
        )

    async def write(self, _url: str, call: Call) -> Reply:
        """Make a call that may change something."""
        return await call()

    async def close(self) -> None:
        """Close every connection; a later call opens new ones."""
        await self._inner.close()

"""Clients for calls to others: they read an answer as far as a bound, whoever sends it."""

from collections.abc import AsyncIterator, Mapping
from functools import cache
from typing import Any, Final, cast

import httpx2

MOST: Final = 8 * 1024 * 1024
"""Bytes of an answer."""
TOO_LARGE: Final = f"an answer has more than {MOST} bytes"
PACKED: Final = "an answer is compressed, which nobody has asked for"
AS_IT_IS: Final = {"Accept-Encoding": "identity"}
"""What is compressed may be of any size in the end: no such thing is asked for."""

_trusted = cache(httpx2.create_ssl_context)
"""The authorities that this machine trusts, read once: to read them takes longer than a call."""


def client_of(
    timeout: float | httpx2.Timeout,
    transport: httpx2.AsyncBaseTransport | None = None,
    headers: Mapping[str, str] | None = None,
    **other: Any,
) -> httpx2.AsyncClient:
    """Make a client, with what else it is given; what it does not take of an answer raises ReadError."""
    return httpx2.AsyncClient(
        timeout=timeout,
        transport=transport,
        headers={**AS_IT_IS, **(headers or {})},
        verify=_trusted(),
        follow_redirects=False,
        event_hooks={"response": [_bound]},
        **other,
    )


async def _bound(answer: httpx2.Response) -> None:
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise httpx2.ReadError(PACKED, request=answer.request)
    answer.stream = _Bounded(cast("httpx2.AsyncByteStream", answer.stream))


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._stream:
            size += len(part)
            if size > MOST:
                raise httpx2.ReadError(TOO_LARGE)
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()

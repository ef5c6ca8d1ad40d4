"""Answers of providers are read as far as a bound, whoever sends them."""

from collections.abc import AsyncIterator, Callable
from typing import Any, Final, cast

import httpx2

MOST: Final = 8 * 1024 * 1024
"""Bytes of an answer."""
TOO_LARGE: Final = f"an answer has more than {MOST} bytes"
PACKED: Final = "an answer is compressed, which nobody has asked for"


async def bound(answer: httpx2.Response) -> None:
    """Have no more read of an answer: ``event_hooks=HOOKS``; raises ReadError.

    What is compressed may be of any size in the end: a client that is bound asks for no such thing.
    """
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise httpx2.ReadError(PACKED, request=answer.request)
    answer.stream = _Bounded(cast("httpx2.AsyncByteStream", answer.stream))


HOOKS: Final[dict[str, list[Callable[..., Any]]]] = {"response": [bound]}
AS_IT_IS: Final = {"Accept-Encoding": "identity"}
"""The headers of such a client."""


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

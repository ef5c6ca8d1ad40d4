"""Answers of other services are read as far as a bound, whoever sends them."""

import aiohttp


class TooLargeError(aiohttp.ClientPayloadError):
    """An answer has more bytes than are read; the connection is given up with it."""


async def read(response: aiohttp.ClientResponse, most: int) -> bytes:
    """Read an answer; raises TooLargeError when it has more than ``most`` bytes."""
    announced = response.content_length
    if announced is not None and "Content-Encoding" not in response.headers:
        if announced > most:
            raise _too_large(response, most)
        return await response.read()
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > most:
            raise _too_large(response, most)
        parts.append(part)
    return b"".join(parts)


def _too_large(response: aiohttp.ClientResponse, most: int) -> TooLargeError:
    response.close()
    return TooLargeError(f"an answer has more than {most} bytes")

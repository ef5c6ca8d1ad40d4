"""clamd: scans what it is sent for viruses."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import suppress

from chassis.problems import Unavailable

AWAY = "clamd does not answer."
CHUNK = 64 * 1024


class Clamd:
    """Sends files to clamd over its protocol, INSTREAM."""

    def __init__(self, address: str, timeout: float) -> None:
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        self._timeout = timeout

    async def virus_in(self, chunks: AsyncIterator[bytes]) -> str | None:
        """Name what is found; raises Unavailable if nobody can tell."""
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._scan(chunks)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise Unavailable(AWAY) from error
        told = answer.removeprefix("stream: ")
        if told == "OK":
            return None
        if told.endswith(" FOUND"):
            return told.removesuffix(" FOUND")
        raise Unavailable(f"clamd could not scan a file: {told[:100]}")

    async def _scan(self, chunks: AsyncIterator[bytes]) -> str:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            # What is too large for clamd is answered before all of it is sent.
            with suppress(ConnectionError):
                writer.write(b"zINSTREAM\0")
                async for chunk in chunks:
                    for start in range(0, len(chunk), CHUNK):
                        piece = chunk[start : start + CHUNK]
                        writer.write(struct.pack(">I", len(piece)) + piece)
                        await writer.drain()
                writer.write(struct.pack(">I", 0))
                await writer.drain()
            answer = await reader.readuntil(b"\0")
        finally:
            writer.close()
        return answer.rstrip(b"\0").decode("utf-8", "replace")

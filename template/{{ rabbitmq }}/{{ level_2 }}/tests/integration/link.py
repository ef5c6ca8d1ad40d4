"""A link to a server, which tests cut: its connections break, and it takes no new ones."""

import asyncio
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

HOST = "127.0.0.1"
_PIECE = 65_536


class Link:
    """Passes on what comes and goes, from a port of its own."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._loop = asyncio.new_event_loop()
        self._connections: set[StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @classmethod
    @contextmanager
    def to(cls, host: str, port: int) -> "Iterator[Link]":
        """Open a link for as long as this is entered."""
        link = cls(host, port)
        thread = threading.Thread(target=link._loop.run_forever)
        thread.start()
        try:
            link._do(link._open())
            yield link
        finally:
            link._do(link._cut())
            link._loop.call_soon_threadsafe(link._loop.stop)
            thread.join()
            link._loop.close()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Take the server away for a while."""
        self._do(self._cut())
        try:
            yield
        finally:
            self._do(self._open())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._connect, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.transport.abort()
        while self._connections:  # noqa: ASYNC110  # each leaves by itself
            await asyncio.sleep(0)

    async def _connect(self, reader: StreamReader, writer: StreamWriter) -> None:
        ends = {writer}
        self._connections.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
            ends.add(far_writer)
            self._connections.add(far_writer)
            await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))
        except OSError:
            pass  # one of the ends is gone, and takes the other along
        finally:
            for end in ends:
                end.transport.abort()
            self._connections -= ends


async def _pass(source: StreamReader, sink: StreamWriter) -> None:
    """Pass on what comes until an end is gone, and close the other."""
    while piece := await source.read(_PIECE):
        sink.write(piece)
        await sink.drain()
    with suppress(OSError):
        sink.close()
        await sink.wait_closed()

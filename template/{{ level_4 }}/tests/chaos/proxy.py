"""A proxy in front of a server, which does to its connections what bad networks do."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from enum import StrEnum
from threading import Thread
from typing import Self

HOST = "127.0.0.1"
# A request says and hears a dozen things: it is late by a quarter of a second then.
LATENCY_S = 0.02
ARRIVAL_S = 0.02
CHUNK = 65536
# Closing with nothing to linger for sends a reset, as a server does that is killed.
NO_LINGER = struct.pack("ii", 1, 0)

type Address = tuple[str, int] | str
"""Host and port, or the path of a socket."""


class Fault(StrEnum):
    """What happens to a server."""

    SLOW = "slow"
    """Every part of what it says comes late."""
    RESET = "failing"
    """Connections break as soon as something is said."""
    SILENT = "half-open"
    """Connections are taken, and nothing comes back."""
    LOST = "unheard"
    """What it is told arrives, and its answers do not: the connection breaks."""
    GONE = "gone"
    """Nobody takes connections."""


class Proxy:
    """Passes connections on to a server, on a port that stays the same."""

    def __init__(self, target: Address) -> None:
        self.target = target
        self.port = 0
        self._fault: Fault | None = None
        self._passing: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None

    @classmethod
    @contextmanager
    def before(cls, target: Address) -> Iterator[Self]:
        """Run a proxy in a thread of its own."""
        proxy = cls(target)
        thread = Thread(target=proxy._loop.run_forever)
        thread.start()
        try:
            proxy._do(proxy._listen())
            yield proxy
        finally:
            proxy._do(proxy._hang_up())
            proxy._loop.call_soon_threadsafe(proxy._loop.stop)
            thread.join()
            proxy._loop.run_until_complete(_let_go())
            proxy._loop.close()

    @contextmanager
    def fault(self, fault: Fault) -> Iterator[None]:
        """Do this to the server for a while; whoever is connected is cut off before and after."""
        self._do(self._turn_to(fault))
        try:
            yield
        finally:
            self._do(self._turn_to(None))

    def _do(self, work: "asyncio._CoroutineLike[None]") -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _turn_to(self, fault: Fault | None) -> None:
        await self._hang_up()
        self._fault = fault
        if fault is not Fault.GONE:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._pass_on, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _hang_up(self) -> None:
        if self._server:
            self._server.close()
        await asyncio.sleep(ARRIVAL_S)  # who was let in at this moment is passed on by then
        passing = list(self._passing)
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._passing.add(task)
        with suppress(OSError):
            async with _aborted(writer):
                await self._talk(reader, writer)
        self._passing.discard(task)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._fault is Fault.SILENT:
            await self._swallow(reader)
        elif self._fault is Fault.RESET:
            await reader.read(CHUNK)
            _reset(writer)
        else:
            their_reader, their_writer = await self._connect()
            async with _aborted(their_writer):
                await asyncio.gather(
                    self._copy(reader, their_writer), self._answer(their_reader, writer)
                )

    async def _swallow(self, reader: asyncio.StreamReader) -> None:
        while await reader.read(CHUNK):
            pass

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._fault is Fault.LOST:
            await reader.read(CHUNK)
            _reset(writer)
        else:
            await self._copy(reader, writer)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(CHUNK):
            if self._fault is Fault.SLOW:
                await asyncio.sleep(LATENCY_S)
            writer.write(part)
            await writer.drain()
        writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.target, str):
            return await asyncio.open_unix_connection(self.target)
        return await asyncio.open_connection(*self.target)


@asynccontextmanager
async def _aborted(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    try:
        yield
    finally:
        writer.transport.abort()


def _reset(writer: asyncio.StreamWriter) -> None:
    wire: socket.socket = writer.get_extra_info("socket")
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    writer.transport.abort()


async def _let_go() -> None:
    """End what came at the last moment, when nobody was let in any more."""
    late = asyncio.all_tasks() - {asyncio.current_task()}
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    await asyncio.sleep(0)  # an aborted connection is closed at the next turn

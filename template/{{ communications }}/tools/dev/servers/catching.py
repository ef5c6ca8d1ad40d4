"""Servers in a thread of `make dev` that catch what would leave this machine."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

HOST = "127.0.0.1"

type Listening = socket.socket
type Start = Callable[[Listening, Listening], Awaitable[web.AppRunner]]


@contextmanager
def listening(start: Start) -> Iterator[tuple[int, int]]:
    """Run what is started with two sockets, for as long as this is entered; give their ports."""
    loop = asyncio.new_event_loop()
    with socket.create_server((HOST, 0)) as first, socket.create_server((HOST, 0)) as second:
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()

        async def begin() -> web.AppRunner:
            return await start(first, second)

        runner = asyncio.run_coroutine_threadsafe(begin(), loop).result()
        try:
            yield first.getsockname()[1], second.getsockname()[1]
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


async def page(application: web.Application, where: Listening) -> web.AppRunner:
    """Serve an application on a socket."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.SockSite(runner, where).start()
    return runner

"""Stand-ins, served in a thread of this process."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from aiohttp import web

HOST = "127.0.0.1"


class Served(Protocol):
    """What has an application."""

    def application(self) -> web.Application:
        """Give it."""
        ...


@contextmanager
def serving(stand_in: Served) -> Iterator[int]:
    """Serve a stand-in; give its port."""
    loop = asyncio.new_event_loop()
    with socket.create_server((HOST, 0)) as listening:
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        runner = asyncio.run_coroutine_threadsafe(_serving(stand_in, listening), loop).result()
        try:
            yield int(listening.getsockname()[1])
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


async def _serving(stand_in: Served, listening: socket.socket) -> web.AppRunner:
    runner = web.AppRunner(stand_in.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    return runner

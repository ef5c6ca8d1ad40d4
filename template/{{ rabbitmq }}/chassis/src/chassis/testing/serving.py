"""What stands in for somebody, served in a thread of this process."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

HOST = "127.0.0.1"


@contextmanager
def serving(application: web.Application) -> Iterator[int]:
    """Serve an application for as long as this is entered; give its port."""
    loop = asyncio.new_event_loop()
    with socket.create_server((HOST, 0)) as listening:
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        runner = asyncio.run_coroutine_threadsafe(_serving(application, listening), loop).result()
        try:
            yield int(listening.getsockname()[1])
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


async def _serving(application: web.Application, listening: socket.socket) -> web.AppRunner:
    # Who waits for an answer must not keep Ctrl-C waiting.
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    return runner

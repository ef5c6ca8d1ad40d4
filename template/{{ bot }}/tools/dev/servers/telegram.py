"""The Bot API: Telegram's own where there is a token, else one of this machine that is like it."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web

from chassis_bot.testing.telegram import TOKEN, Telegram
from tools.dev.servers import Connection
from tools.dev.system import Server, base_environment

TELEGRAM = "https://api.telegram.org"
VARIABLE = "BOT_TOKEN"

_HOST = "127.0.0.1"


@contextmanager
def run(_server: Server, root: Path) -> Iterator[Connection]:
    """Name Telegram's server, or run a stand-in for as long as this is entered."""
    if base_environment(root, (".env",)).get(VARIABLE):
        yield Connection(TELEGRAM, f"{TELEGRAM} ({VARIABLE} is set)")
        return
    with stand_in() as port:
        address = f"{_HOST}:{port}"
        told = f"http://{address} (a stand-in to chat with in the browser: {VARIABLE} is not set)"
        yield Connection(f"http://{TOKEN}@{address}", told)


@contextmanager
def stand_in() -> Iterator[int]:
    """Run a stand-in in a thread of this process; give its port."""
    loop = asyncio.new_event_loop()
    with socket.create_server((_HOST, 0)) as listening:
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        runner = asyncio.run_coroutine_threadsafe(_serving(listening), loop).result()
        try:
            yield int(listening.getsockname()[1])
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


async def _serving(listening: socket.socket) -> web.AppRunner:
    # A bot that waits for updates must not keep Ctrl-C waiting.
    runner = web.AppRunner(Telegram().application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    return runner

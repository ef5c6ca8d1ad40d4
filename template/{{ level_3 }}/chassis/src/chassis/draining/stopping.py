import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn

from chassis.problems import Unavailable

logger = logging.getLogger(__name__)

type _Handler = Callable[[int, FrameType | None], Any]

STOPPING = "Is stopping."


class Draining:
    """The time between being told to stop and stopping."""

    def __init__(self, seconds: float) -> None:
        self.begun = asyncio.Event()
        self._seconds = seconds

    async def check(self) -> None:
        """Raise Unavailable from the beginning on."""
        if self.begun.is_set():
            raise Unavailable(STOPPING)

    @contextmanager
    def in_between(self) -> Iterator[None]:
        """Have the handler of SIGTERM called later; a second signal does not wait."""
        handler = signal.getsignal(signal.SIGTERM)
        is_main = threading.current_thread() is threading.main_thread()
        if not self._seconds or not is_main or not callable(handler):
            yield
            return
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._begin, loop, handler)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGTERM)
            signal.signal(signal.SIGTERM, handler)

    def _begin(self, loop: asyncio.AbstractEventLoop, handler: _Handler) -> None:
        if self.begun.is_set():
            handler(signal.SIGTERM, None)
            return
        self.begun.set()
        _refuse_connections(handler)
        logger.info("Stops in %g s; until then every answer closes its connection", self._seconds)
        loop.call_later(self._seconds, handler, signal.SIGTERM, None)


def _refuse_connections(handler: _Handler) -> None:
    """Close the server's ears: who opens a connection now takes another instance at once.

    A connection that is opened when the server stops would be lost with what was sent over it.
    """
    server = getattr(handler, "__self__", None)
    if isinstance(server, uvicorn.Server):
        for listener in server.servers:
            listener.close()

import asyncio
import faulthandler
import gc
import logging
import resource
import socket
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from fastapi.routing import iter_route_contexts
from starlette.types import ASGIApp

from chassis.server.protocol import Connection, Connections
from chassis.server.settings import Settings

logger = logging.getLogger(__name__)

LAST_RESORT_S = 5
"""Seconds, after those that requests get, until the process ends whatever it is doing."""
OWN_FILES = 200
"""Descriptors that a service needs for itself: its pools, its logs, its code."""
TICKS_A_SECOND = 10
"""So often uvicorn calls `on_tick`."""


class Server(uvicorn.Server):
    """Serves an application within the limits of the settings; stops when it is told to."""

    def __init__(self, app: ASGIApp, settings: Settings, **options: Any) -> None:
        """Take options of ``uvicorn.Config``, such as ``host`` and ``port``, as they are."""
        limits = settings.model_copy(update={"max_connections": _affordable(settings)})
        defaults: dict[str, Any] = {
            "http": partial(Connection, limits),
            "log_config": None,
            "access_log": False,  # it would hold what people sent: chassis.access_log does it
            "proxy_headers": False,
            "server_header": False,
            "timeout_keep_alive": limits.idle_timeout,
            "timeout_graceful_shutdown": limits.shutdown_timeout,
            "ws_max_size": limits.max_message_bytes,
            "ws_per_message_deflate": False,  # it costs memory for as long as a client is there
        }
        super().__init__(uvicorn.Config(app, **defaults | options))
        self.server_state = self.opened = Connections()
        self._send_timeout = limits.send_timeout

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and do before the first request what would make it wait."""
        for _ in iter_route_contexts(getattr(self.config.app, "routes", ())):
            pass  # FastAPI works each of them out when it is come to
        await super().startup(sockets)
        gc.freeze()  # what is there by now stays: the garbage collector need not go through it

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, and leave the process as it was."""
        gc.unfreeze()
        state = getattr(self.config.app, "state", None)
        if stopping := getattr(state, "stopping", None):
            stopping.set()  # an open stream would have the process wait for it
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Look once a second for connections that take too long."""
        if counter % TICKS_A_SECOND == 0:
            self.opened.expire(asyncio.get_running_loop().time(), self._send_timeout)
        return await super().on_tick(counter)

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until the process is told to stop."""
        try:
            super().run(sockets)
        finally:
            faulthandler.cancel_dump_traceback_later()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; what hangs then is shown and ended."""
        patience = (self.config.timeout_graceful_shutdown or 0) + LAST_RESORT_S
        faulthandler.dump_traceback_later(patience, exit=True)
        super().handle_exit(sig, frame)


def _affordable(settings: Settings) -> int:
    """Give as many connections as are wanted, or as the system lets the process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.max_connections + OWN_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return settings.max_connections
    affordable = max(soft - OWN_FILES, 1)
    logger.warning("Open files are limited to %d: %d connections at most.", soft, affordable)
    return affordable

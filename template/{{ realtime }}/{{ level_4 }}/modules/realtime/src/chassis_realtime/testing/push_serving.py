"""Push services that listen, in a thread of their own: HTTP/2 and HTTP/1.1, without TLS."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from hypercorn.asyncio import serve
from hypercorn.config import Config

from chassis_realtime.testing.push_services import PushServices

if TYPE_CHECKING:
    from hypercorn.typing import Framework

HOST = "127.0.0.1"
PATIENCE_S = 10


@contextmanager
def serving_push() -> Iterator[PushServices]:
    """Serve them meanwhile."""
    services = PushServices()
    loop = asyncio.new_event_loop()
    stopped = asyncio.Event()
    free = socket.create_server((HOST, 0))
    services.address = f"http://{HOST}:{free.getsockname()[1]}"
    config = Config()
    config.bind = [f"fd://{free.detach()}"]  # the server closes it
    config.graceful_timeout = 0.1
    config.accesslog = config.errorlog = None

    application = cast("Framework", services.application())

    async def run() -> None:
        await serve(application, config, shutdown_trigger=stopped.wait)

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    try:
        yield services
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(PATIENCE_S)
        loop.close()

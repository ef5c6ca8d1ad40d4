"""Where email goes: nowhere, unless EMAIL_URL names a relay; a page shows what would have been sent."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web

from chassis.testing.serving import HOST, serving
from chassis_communications.testing.relay import Relay
from tools.dev.servers import Connection
from tools.dev.system import Server


@contextmanager
def run(_server: Server, _root: Path) -> Iterator[Connection]:
    """Run a relay that keeps what it gets, and the page."""
    relay, application = Relay(), web.Application()
    application.add_routes(relay.box.routes())

    with socket.create_server((HOST, 0)) as mail:

        async def relaying(_application: web.Application) -> AsyncIterator[None]:
            loop = asyncio.get_running_loop()
            async with await loop.create_server(relay.session, sock=mail):
                yield

        application.cleanup_ctx.append(relaying)
        port = mail.getsockname()[1]
        with serving(application) as shown:
            told = f"caught, and not sent: read it at http://{HOST}:{shown} (EMAIL_URL is not set)"
            yield Connection(f"smtp://{HOST}:{port}", told)

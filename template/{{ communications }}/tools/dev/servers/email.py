"""Where email goes: nowhere, unless EMAIL_URL names a relay; a page shows what would have been sent."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web

from chassis_communications.testing.relay import Relay
from tools.dev.servers import Connection
from tools.dev.servers.catching import HOST, Listening, listening, page
from tools.dev.system import Server


@contextmanager
def run(_server: Server, _root: Path) -> Iterator[Connection]:
    """Run a relay that keeps what it gets, and the page."""
    relay = Relay()

    async def start(mail: Listening, shown: Listening) -> web.AppRunner:
        await asyncio.get_running_loop().create_server(relay.session, sock=mail)
        application = web.Application()
        application.add_routes(relay.box.routes())
        return await page(application, shown)

    with listening(start) as (mail, shown):
        told = f"caught, and not sent: read it at http://{HOST}:{shown} (EMAIL_URL is not set)"
        yield Connection(f"smtp://{HOST}:{mail}", told)

"""Where SMS go: nowhere, unless SMS_URL names Twilio; a page shows what would have been sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web

from chassis_communications.testing.twilio import Twilio
from tools.dev.servers import Connection
from tools.dev.servers.catching import HOST, Listening, listening, page
from tools.dev.system import Server


@contextmanager
def run(_server: Server, _root: Path) -> Iterator[Connection]:
    """Run what is like Twilio and takes everything, and the page."""

    async def start(_unused: Listening, shown: Listening) -> web.AppRunner:
        return await page(Twilio(token="").application(), shown)

    with listening(start) as (_, shown):
        told = f"caught, and not sent: read them at http://{HOST}:{shown} (SMS_URL is not set)"
        yield Connection(f"http://{HOST}:{shown}", told)

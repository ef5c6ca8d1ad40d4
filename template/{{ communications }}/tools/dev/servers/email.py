"""Where email goes: nowhere, unless EMAIL_URL names a relay; a page shows what would have been sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chassis_communications.testing.relay import HOST, Relay, relaying
from tools.dev.servers import Connection
from tools.dev.system import Server


@contextmanager
def run(_server: Server, _root: Path) -> Iterator[Connection]:
    """Run a relay that keeps what it gets, and the page."""
    with relaying(Relay()) as (mail, page):
        told = f"caught, and not sent: read it at http://{HOST}:{page} (EMAIL_URL is not set)"
        yield Connection(f"smtp://{HOST}:{mail}", told)

"""Where SMS go: nowhere, unless SMS_URL names Twilio; a page shows what would have been sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chassis.testing.serving import HOST, serving
from chassis_communications.testing.twilio import Twilio
from tools.dev.servers import Connection
from tools.dev.system import Server


@contextmanager
def run(_server: Server, _root: Path) -> Iterator[Connection]:
    """Run what is like Twilio and takes everything, and the page."""
    with serving(Twilio(token="").application()) as shown:
        told = f"caught, and not sent: read them at http://{HOST}:{shown} (SMS_URL is not set)"
        yield Connection(f"http://{HOST}:{shown}", told)

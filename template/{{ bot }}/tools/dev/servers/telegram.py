"""The Bot API: Telegram's own where there is a token, else one of this machine that is like it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chassis.testing.serving import HOST, serving
from chassis_bot.testing.telegram import TOKEN, Telegram
from tools.dev.servers import Connection
from tools.dev.system import Server, base_environment

TELEGRAM = "https://api.telegram.org"
VARIABLE = "BOT_TOKEN"


@contextmanager
def run(_server: Server, root: Path) -> Iterator[Connection]:
    """Name Telegram's server, or run a stand-in for as long as this is entered."""
    if base_environment(root, (".env",)).get(VARIABLE):
        yield Connection(TELEGRAM, f"{TELEGRAM} ({VARIABLE} is set)")
        return
    with serving(Telegram().application()) as port:
        address = f"{HOST}:{port}"
        told = f"http://{address} (a stand-in to chat with in the browser: {VARIABLE} is not set)"
        yield Connection(f"http://{TOKEN}@{address}", told)

"""Which database to use: the one that the environment names, or the embedded one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tools.dev.postgres import embedded_postgres
from tools.dev.system import System
from tools.tables import fill


@dataclass(frozen=True)
class Connection:
    """A database's address, and what to tell people about it."""

    url: str
    description: str


@contextmanager
def database(system: System, root: Path) -> Iterator[Connection]:
    """Provide the database for as long as this runs."""
    settings = system.database
    if url := os.environ.get(settings.variable):
        parts = urlsplit(url)
        where = f"{parts.hostname or 'a local socket'}{parts.path}"
        yield Connection(url, f"{where} ({settings.variable} is set)")
        return
    with embedded_postgres(root / settings.data) as socket_dir:
        yield Connection(embedded_url(system, socket_dir), f"{settings.data} (embedded PostgreSQL)")


def embedded_url(system: System, socket_dir: str) -> str:
    """Return the embedded database's address as the services want it."""
    return fill(system.database.url, {"socket_dir": socket_dir}, "database.url")

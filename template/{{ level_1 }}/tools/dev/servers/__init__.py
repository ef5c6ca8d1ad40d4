"""The database and the other servers: run here, or named by the environment."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools.common.tables import fill
from tools.dev.postgres import embedded_postgres
from tools.dev.system import Server, System

type Run = Callable[[Server, Path], AbstractContextManager[Connection]]


@dataclass(frozen=True)
class Connection:
    """A database's or server's address, what to tell people, and the address for the owner."""

    url: str
    description: str
    owner_url: str = ""


@contextmanager
def database(system: System, root: Path) -> Iterator[Connection]:
    """Provide the database for as long as this runs."""
    settings = system.database
    if url := os.environ.get(settings.variable):
        parts = urlsplit(url)
        where = f"{parts.hostname or 'a local socket'}{parts.path}"
        owner_url = os.environ.get(settings.owner_variable) or url
        yield Connection(url, f"{where} ({settings.variable} is set)", owner_url)
        return
    with embedded_postgres(root / settings.data) as socket_dir:
        known = {"socket_dir": socket_dir}
        yield Connection(
            fill(settings.url, known, "database.url"),
            f"{settings.data} (embedded PostgreSQL)",
            embedded_owner_url(system, socket_dir),
        )


def embedded_owner_url(system: System, socket_dir: str) -> str:
    """Return the embedded database's address for the role that owns the tables."""
    return fill(system.database.owner_url, {"socket_dir": socket_dir}, "database.owner_url")


"""Runs a server for as long as it is entered; it takes the project's folder."""


@contextmanager
def servers(system: System, root: Path) -> Iterator[Mapping[str, Connection]]:
    """Provide every server for as long as this runs, in the order of the file."""
    with ExitStack() as stack:
        yield {server.name: stack.enter_context(_run(server, root)) for server in system.servers}


@contextmanager
def _run(server: Server, root: Path) -> Iterator[Connection]:
    if url := os.environ.get(server.variable):
        where = urlsplit(url).hostname or "a local socket"
        yield Connection(url, f"{where} ({server.variable} is set)")
        return
    module, _, function = server.run.partition(":")
    run: Any = getattr(import_module(module), function)
    with run(server, root) as connection:
        yield connection

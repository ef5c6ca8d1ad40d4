"""What the system needs besides its database: run here, or named by the environment."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools.dev.database import Connection
from tools.dev.system import Server, System

type Run = Callable[[Server, Path], AbstractContextManager[Connection]]
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

"""What services need besides PostgreSQL: one module a server of services.toml.

A module has `choice()`, which tells what is used and why, `NOWHERE`, an address at which nobody
answers, and `run(root)`, which runs the server; it gives None where there is none to be had.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tools.dev.system import System

from tests.integration.containers import Choice


@dataclass(frozen=True)
class Running:
    """A running server, and how to take it away for a while."""

    url: str
    away: Callable[[], AbstractContextManager[None]]


def choices(system: System) -> dict[str, Choice]:
    """Tell of each server what is used, and why."""
    return {server.name: _module(server.name).choice() for server in system.servers}


@contextmanager
def running(system: System, root: Path) -> Iterator[dict[str, Running]]:
    """Run every server that can be had, and set the variables of all."""
    before = dict(os.environ)
    with ExitStack() as stack:
        stack.callback(os.environ.update, before)
        stack.callback(os.environ.clear)
        found: dict[str, Running] = {}
        for server in system.servers:
            module = _module(server.name)
            os.environ[server.variable] = module.NOWHERE
            if one := stack.enter_context(module.run(root)):
                found[server.name] = one
                os.environ[server.variable] = one.url
        yield found


def _module(name: str) -> Any:
    return import_module(f"{__name__}.{name}")

"""What the services need besides PostgreSQL: a server has the module of its name in this folder.

That module has ``choice() -> Choice``, and ``run(root)``, which yields a RunningServer.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from tools.common.tables import mentioned
from tools.dev.system import Server

from tests.integration.containers import Choice
from tests.integration.system import ADDRESSES, ROOT, only, system


@dataclass(frozen=True)
class RunningServer:
    """A running server, and how to take it away for a while."""

    url: str
    away: Callable[[], AbstractContextManager[None]]


def choices() -> dict[str, Choice]:
    """Say which server is used of each kind."""
    return {server.name: _module(server.name).choice() for server in _needed()}


@contextmanager
def servers() -> Iterator[dict[str, RunningServer]]:
    """Run every server; services, and what tests start besides, know its address then."""
    with ExitStack() as stack:
        found: dict[str, RunningServer] = {}
        for server in _needed():
            found[server.name] = stack.enter_context(_module(server.name).run(ROOT))
            ADDRESSES[server.name] = url = found[server.name].url
            stack.callback(ADDRESSES.pop, server.name)
            stack.enter_context(only({**os.environ, server.variable: url}))
        yield found


def _needed() -> list[Server]:
    """The servers that some service is told of; others are for processes, or stand in front."""
    texts = [text for service in system().services for text in service.env.values()]
    told = {name for text in texts for name in mentioned(text)}
    return [server for server in system().servers if f"servers.{server.name}" in told]


def _module(name: str) -> Any:
    return import_module(f"tests.integration.{name}")

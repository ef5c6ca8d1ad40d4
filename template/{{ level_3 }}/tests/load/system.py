"""The system that is loaded: one of its own with the bare route beside it, or one that runs."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2

from tests.e2e.surface import public
from tests.integration.postgres import postgres
from tests.integration.system import (
    HOST,
    ROOT,
    create_database,
    free_port,
    in_processes,
    migrate_all,
)
from tests.load import bare

START_TIMEOUT_S = 60


@dataclass(frozen=True)
class Loaded:
    """Where the public services answer, and the bare route; there may be none."""

    services: Mapping[str, str]
    bare: str


@contextmanager
def here() -> Iterator[Loaded]:
    """Start everything that answers requests, each in a process of its own, with no data."""
    with ExitStack() as stack:
        logs = Path(stack.enter_context(TemporaryDirectory(prefix="load-")))
        server = stack.enter_context(postgres(ROOT))
        create_database(server.database("postgres"), "load")
        database = server.database("load")
        migrate_all(database)
        url = stack.enter_context(_bare(database))
        started = stack.enter_context(in_processes(database, logs))
        _wait_for(url)
        yield Loaded({service.name: started[service.name].url for service in public()}, url)


def elsewhere(url: str) -> Loaded:
    """Give the system behind an address."""
    return Loaded({service.name: url for service in public()}, "")


@contextmanager
def _bare(database: str) -> Iterator[str]:
    behind, front = free_port(), free_port()
    own = {
        **os.environ,
        bare.BEHIND: f"http://{HOST}:{behind}",
        bare.DATABASE: database.replace("+asyncpg", ""),
    }
    with ExitStack() as stack:
        for name, port in (("behind", behind), ("front", front)):
            words = ["-m", "uvicorn", f"tests.load.bare:{name}", "--port", str(port)]
            process = subprocess.Popen(  # noqa: S603  # the bare route
                [sys.executable, *words, "--log-level", "warning", "--no-access-log"],
                cwd=ROOT,
                env=own,
                stdin=subprocess.DEVNULL,
            )
            stack.callback(process.wait, 20)
            stack.callback(process.terminate)
        yield f"http://{HOST}:{front}/"


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            httpx2.get(url, timeout=5).raise_for_status()
        except httpx2.TransportError:
            assert time.monotonic() < deadline, "the bare route does not start"
            time.sleep(0.05)
        else:
            return

"""A real Redis: in a container where Docker is, else the program of this machine.

Where neither is, a stand-in in memory.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.dev.servers.redis import PROGRAM, RedisServer, address_of, in_memory

from tests.integration.containers import (
    Choice,
    asked_for,
    paused,
    quiet,
    stopped,
    why_no_container,
)
from tests.integration.servers import RunningServer

IMAGE = "redis:8"
VARIABLE = "TEST_REDIS"
DOCKER, LOCAL, MEMORY = "docker", "local", "memory"


@cache
def choice() -> Choice:
    """Choose: what is asked for, else a container, else the program, else the stand-in."""
    if asked := asked_for(VARIABLE, DOCKER, LOCAL, MEMORY):
        return asked
    if not (reason := why_no_container(IMAGE)):
        return Choice(DOCKER, "a Docker engine answers")
    if program := shutil.which(PROGRAM):
        return Choice(LOCAL, f"{program}; {reason}")
    return Choice(MEMORY, f"a stand-in, fakeredis: there is no {PROGRAM}; {reason}")


@contextmanager
def run(root: Path) -> Iterator[RunningServer]:
    """Run the server that was chosen, with nothing in it."""
    kinds = {DOCKER: _container, LOCAL: _local, MEMORY: _memory}
    with kinds[choice().kind](root) as server:
        yield server


@contextmanager
def _local(root: Path) -> Iterator[RunningServer]:
    (root / ".dev").mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="tests-", dir=root / ".dev") as folder:
        server = RedisServer(PROGRAM, Path(folder))
        server.start()

        try:
            yield RunningServer(server.url, partial(stopped, server))
        finally:
            server.stop()


@contextmanager
def _memory(_root: Path) -> Iterator[RunningServer]:
    with in_memory() as server:

        @contextmanager
        def away() -> Iterator[None]:
            server.fake_server.connected = False
            try:
                yield
            finally:
                server.fake_server.connected = True

        yield RunningServer(address_of(server), away)


@contextmanager
def _container(_root: Path) -> Iterator[RunningServer]:
    with quiet():
        from testcontainers.redis import RedisContainer  # noqa: PLC0415
    with RedisContainer(IMAGE) as container:
        host, port = container.get_container_host_ip(), container.get_exposed_port(6379)
        yield RunningServer(f"redis://{host}:{port}/0", partial(paused, container))

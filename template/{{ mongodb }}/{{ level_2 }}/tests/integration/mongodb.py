"""A real MongoDB: in a container where Docker is, else the program of this machine.

Where that is not installed, the stand-in of the project.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.dev.servers.mongodb import Node, installed

from tests.integration.containers import (
    Choice,
    asked_for,
    paused,
    quiet,
    why_no_container,
)
from tests.integration.servers import RunningServer

IMAGE = "mongo:8"
VARIABLE = "TEST_MONGODB"
DOCKER, LOCAL = "docker", "local"
PORT = 27017


@cache
def choice() -> Choice:
    """Choose: what is asked for, else a container, else the program, else the stand-in."""
    if asked := asked_for(VARIABLE, DOCKER, LOCAL):
        return asked
    if not (reason := why_no_container(IMAGE)):
        return Choice(DOCKER, "a Docker engine answers")
    return Choice(LOCAL, f"{installed().told}; {reason}")


@contextmanager
def run(root: Path) -> Iterator[RunningServer]:
    """Run the server that was chosen, with no data."""
    with _container() if choice().kind == DOCKER else _local(root) as server:
        yield server


@contextmanager
def _local(root: Path) -> Iterator[RunningServer]:
    (root / ".dev").mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="tests-", dir=root / ".dev") as folder:
        node = Node(installed(), Path(folder) / "mongodb")
        node.start()
        try:
            yield RunningServer(node.url, partial(killed, node))
        finally:
            node.kill()


@contextmanager
def killed(node: Node) -> Iterator[None]:
    """Take it away in the middle of what it does."""
    node.kill()
    try:
        yield
    finally:
        node.start()


@contextmanager
def _container() -> Iterator[RunningServer]:
    with quiet():
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415
    with DockerContainer(IMAGE).with_exposed_ports(PORT) as container:
        host, port = container.get_container_host_ip(), int(container.get_exposed_port(PORT))
        yield RunningServer(f"mongodb://{host}:{port}", partial(paused, container))

"""A real RabbitMQ: in a container where Docker is, else the one that is installed."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tools.dev.servers.rabbitmq import Node, installed

from tests.integration.containers import Choice, quiet, why_no_container
from tests.integration.servers import Running

IMAGE = "rabbitmq:4"
VARIABLE = "TEST_RABBITMQ"
DOCKER, INSTALLED, NONE = "docker", "installed", "none"
PORT = 5672
NOWHERE = "amqp://127.0.0.1:1/"
START_TIMEOUT_S = 90


@cache
def choice() -> Choice:
    """Choose: what is asked for, else a container, else what is installed, else nothing."""
    asked = os.environ.get(VARIABLE, "")
    if asked in {DOCKER, INSTALLED, NONE}:
        return Choice(asked, f"{VARIABLE} asks for it")
    reason = why_no_container(IMAGE)
    if not reason:
        return Choice(DOCKER, "a Docker engine answers")
    program = installed()
    return Choice(INSTALLED, str(program)) if program else Choice(NONE, f"{reason}; not installed")


@contextmanager
def run(root: Path) -> Iterator[Running | None]:
    """Run the server that was chosen, with no data."""
    match choice().kind, installed():
        case "docker", _:
            with _container() as server:
                yield server
        case "installed", Path() as program:
            with _node(program, root) as server:
                yield server
        case _:
            yield None


@contextmanager
def _node(program: Path, root: Path) -> Iterator[Running]:
    (root / ".dev").mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="tests-", dir=root / ".dev") as folder:
        node = Node(program, Path(folder) / "rabbitmq")
        node.start()

        @contextmanager
        def away() -> Iterator[None]:
            node.stop()
            try:
                yield
            finally:
                node.start()

        try:
            yield Running(node.url, away)
        finally:
            node.stop()


@contextmanager
def _container() -> Iterator[Running]:
    with quiet():
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415
    with DockerContainer(IMAGE).with_exposed_ports(PORT) as container:
        host, port = container.get_container_host_ip(), int(container.get_exposed_port(PORT))
        wrapped: Any = container.get_wrapped_container()
        _wait_for(host, port)

        @contextmanager
        def away() -> Iterator[None]:
            wrapped.pause()
            try:
                yield
            finally:
                wrapped.unpause()

        yield Running(f"amqp://{host}:{port}/", away)


def _wait_for(host: str, port: int) -> None:
    """Wait until it greets, which the port of a container does not tell."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((host, port), timeout=5) as probe:
            probe.sendall(b"AMQP\x00\x00\x09\x01")
            if probe.recv(1):
                return
        time.sleep(0.2)
    raise TimeoutError(f"RabbitMQ in a container did not start within {START_TIMEOUT_S} s")

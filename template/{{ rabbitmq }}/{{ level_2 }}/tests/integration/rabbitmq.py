"""A real RabbitMQ: in a container where Docker is, else the program of this machine."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.dev.servers.rabbitmq import Node, installed

from tests.integration.containers import Choice, asked_for, quiet, why_no_container
from tests.integration.link import HOST, Link
from tests.integration.servers import RunningServer

IMAGE = "rabbitmq:4"
VARIABLE = "TEST_RABBITMQ"
DOCKER, LOCAL, NONE = "docker", "local", "none"
PORT = 5672
START_TIMEOUT_S = 90
MAX_MESSAGE_BYTES = 100_000
"""What it takes at most: little, so that tests can have an event refused."""


@cache
def choice() -> Choice:
    """Choose: what is asked for, else a container, else the program, else none."""
    if asked := asked_for(VARIABLE, DOCKER, LOCAL, NONE):
        return asked
    if not (reason := why_no_container(IMAGE)):
        return Choice(DOCKER, "a Docker engine answers")
    if program := installed():
        return Choice(LOCAL, f"{program}; {reason}")
    return Choice(NONE, f"rabbitmq-server is not installed; {reason}")


@contextmanager
def run(root: Path) -> Iterator[RunningServer]:
    """Run the server that was chosen, with no data."""
    kinds = {DOCKER: _container, LOCAL: _local, NONE: _none}
    with kinds[choice().kind](root) as server:
        yield server


@contextmanager
def _none(_root: Path) -> Iterator[RunningServer]:
    yield RunningServer("amqp://127.0.0.1:1/", nullcontext)


@contextmanager
def _local(root: Path) -> Iterator[RunningServer]:
    program = installed()
    assert program is not None, "rabbitmq-server is not installed"
    (root / ".dev").mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="tests-", dir=root / ".dev") as folder:
        data = Path(folder) / "rabbitmq"
        data.mkdir()
        limit = f"max_message_size = {MAX_MESSAGE_BYTES}\n"
        (data / "rabbitmq.conf").write_text(limit, "utf-8")
        node = Node(program, data)
        node.start()
        try:
            with _linked(HOST, node.port) as server:
                yield server
        finally:
            node.stop(timeout_s=0)  # its data goes anyway


@contextmanager
def _container(_root: Path) -> Iterator[RunningServer]:
    with quiet():
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415
    option = f"-rabbit max_message_size {MAX_MESSAGE_BYTES}"
    wanted = DockerContainer(IMAGE).with_exposed_ports(PORT)
    with wanted.with_env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", option) as container:
        host, port = container.get_container_host_ip(), int(container.get_exposed_port(PORT))
        _wait_for(host, port)

        with _linked(host, port) as server:
            yield server


@contextmanager
def _linked(host: str, port: int) -> Iterator[RunningServer]:
    """Give a server that is taken away in an instant: to start RabbitMQ anew takes seconds."""
    with Link.to(host, port) as link:
        yield RunningServer(f"amqp://{HOST}:{link.port}/", link.cut)


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

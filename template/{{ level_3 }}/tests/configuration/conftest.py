"""The gateway's files on this machine; a test that needs nginx is skipped without it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.dev import gateway

ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path: Path) -> gateway.Place:
    """Where it works; nothing listens at the address of its services."""
    http, https, nobody = _free_ports(3)
    upstreams = (ROOT / "deploy/nginx/upstreams.conf").read_text()
    names = [line.split()[1] for line in upstreams.splitlines() if line.startswith("upstream ")]
    return gateway.Place(tmp_path, http, https, dict.fromkeys(names, f"127.0.0.1:{nobody}"))


@pytest.fixture
def configuration(place: gateway.Place) -> Path:
    """Its files, those of this project's owners included."""
    try:
        gateway.program()
    except gateway.NginxError as error:
        pytest.skip(str(error))
    return gateway.write(ROOT, place)


@pytest.fixture
def running(configuration: Path, place: gateway.Place) -> Iterator[gateway.Place]:
    """It runs, with a certificate of its own."""
    try:
        gateway.self_signed(place.folder / "tls", "localhost")
    except gateway.NginxError as error:
        pytest.skip(str(error))
    with gateway.running(configuration, place):
        yield place


def _free_ports(number: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports

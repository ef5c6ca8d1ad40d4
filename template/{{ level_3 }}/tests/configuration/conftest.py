"""What production runs with, on this machine; a test that needs nginx or Compose is skipped without."""

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.common import ToolError
from tools.dev import gateway
from tools.production.compose import Compose

ROOT = Path(__file__).parents[2]
# A value that whoever deploys has to give.
GIVEN = re.compile(r"\$\{(\w+):\?")


@pytest.fixture(scope="session")
def production() -> Iterator[Compose]:
    """Everything together, as Compose reads it; it needs no engine for that."""
    files = (ROOT / "deploy/production").glob("*.yml")
    missing = {name for file in files for name in GIVEN.findall(file.read_text())} - {*os.environ}
    with pytest.MonkeyPatch.context() as values:
        for name in missing:
            values.setenv(name, "https://given.example.com")
        compose = Compose(ROOT, "1.0.0", ROOT / "secrets", "101:101")
        try:
            compose.check()
        except ToolError as error:
            pytest.skip(str(error))
        yield compose


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

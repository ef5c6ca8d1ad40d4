"""The gateway of a generated project on a real nginx, with services behind it that echo."""

import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest

from tests.gateway.echo import Echo, echoing

SERVICE = "team-tasks-api"


def unverified() -> ssl.SSLContext:
    """TLS for tests that look at other things than the certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Gateway:
    """A gateway that runs, and a client that trusts its certificate."""

    def __init__(self, place: Any, services: list[Echo]) -> None:
        self.place = place
        self.services = services
        self.url = f"https://localhost:{place.https}"
        self.plain = f"http://localhost:{place.http}"
        self.client = self.new_client()

    def new_client(self) -> httpx2.Client:
        """A client that trusts the certificate that is there now."""
        context = ssl.create_default_context(cafile=str(self.place.folder / "tls/fullchain.pem"))
        return httpx2.Client(base_url=self.url, verify=context, timeout=20)

    def get(self, path: str = "/api/v1/tasks", **options: Any) -> httpx2.Response:
        """GET over TLS."""
        return self.client.get(path, **options)

    def raw(
        self, sent: bytes, *, tls: bool = True, seconds: float = 20, to: str = "127.0.0.1"
    ) -> bytes:
        """Send bytes as they are, and give all that comes back until the connection ends."""
        port = self.place.https if tls else self.place.http
        with ExitStack() as stack:
            wire = stack.enter_context(socket.create_connection((to, port), seconds))
            if tls:
                context = unverified()
                wire = stack.enter_context(context.wrap_socket(wire, server_hostname="localhost"))
            wire.sendall(sent)
            got = bytearray()
            with suppress(ConnectionResetError):
                while more := wire.recv(65536):
                    got += more
            return bytes(got)


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory, rendered: Callable[[str], Path]) -> ModuleType:
    """The project's own module that puts the gateway onto this machine."""
    file = rendered("task_manager@3") / "tools/dev/gateway.py"
    spec = spec_from_file_location("gateway_of_the_project", file)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def certificate(tools: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost and for api.example.com, made once."""
    folder = tmp_path_factory.mktemp("tls")
    tools.self_signed(folder, "localhost", "api.example.com")
    return folder


Start = Callable[..., Any]


@pytest.fixture
def start(
    tools: ModuleType, rendered: Callable[[str], Path], certificate: Path, tmp_path: Path
) -> Start:
    """Start a gateway before some services; `own` are files of its owner in deploy/local/nginx."""

    @contextmanager
    def started(
        instances: int = 1,
        *,
        of: str = "task_manager@3",
        own: dict[str, str] | None = None,
        changes: dict[str, str] | None = None,
    ) -> Iterator[Gateway]:
        http, https = free_ports(2)
        (tmp_path / "tls").symlink_to(certificate)
        with ExitStack() as stack:
            services = [stack.enter_context(echoing(f"instance {n}")) for n in range(instances)]
            addresses = " ".join(f"127.0.0.1:{service.port}" for service in services)
            place = tools.Place(tmp_path, http, https, {SERVICE: addresses})
            configuration = tools.write(rendered(of), place)
            for name, text in (own or {}).items():
                (tmp_path / "deploy/local/nginx" / name).write_text(tools.here(text, place))
            for file in configuration.parent.iterdir():
                text = file.read_text()
                for old, new in (changes or {}).items():
                    text = text.replace(old, new)
                file.write_text(text)
            stack.enter_context(tools.running(configuration, place))
            gateway = Gateway(place, services)
            stack.enter_context(gateway.client)
            yield gateway

    return started


@pytest.fixture
def gateway(start: Start) -> Iterator[Gateway]:
    """A gateway before one service."""
    with start() as one:
        yield one


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on, each another."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports

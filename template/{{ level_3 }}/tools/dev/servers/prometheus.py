"""Prometheus: the same rules as in production, over the services of this machine."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tools.dev.prometheus import HOST, Place, PrometheusError, running, write
from tools.dev.servers import Connection
from tools.dev.servers.gateway import free_port
from tools.dev.system import SYSTEM, Server, base_environment, chosen_ports, read_system

_PORT = 9090


@contextmanager
def run(_server: Server, root: Path) -> Iterator[Connection]:
    """Run Prometheus if it is there; say what is missing if it is not."""
    system = read_system(root / SYSTEM)
    ports = chosen_ports(system, base_environment(root, system.env_files))
    services = {name.replace("_", "-"): f"{HOST}:{port}" for name, port in ports.items()}
    place = Place(root / ".dev" / "prometheus", free_port(_PORT), services)
    place.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(running(write(root, place), place))
        except PrometheusError as error:
            yield Connection("", f"does not run: {error}")
            return
        url = f"http://{HOST}:{place.port}"
        yield Connection(url, f"{url}/alerts")

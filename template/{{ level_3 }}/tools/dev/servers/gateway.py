"""The gateway: the same files as in production, before the services of this machine."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tools.dev.gateway import HOST, NginxError, Place, running, self_signed, write
from tools.dev.servers import Connection
from tools.dev.system import SYSTEM, Server, base_environment, chosen_ports, read_system

NAME = "localhost"
_HTTP, _HTTPS = 8080, 8443


@contextmanager
def run(_server: Server, root: Path) -> Iterator[Connection]:
    """Run the gateway if nginx is there; say what is missing if it is not."""
    with ExitStack() as stack:
        try:
            place = _place(root)
            self_signed(place.folder / "tls", NAME)
            stack.enter_context(running(write(root, place), place))
        except NginxError as error:
            yield Connection("", f"does not run: {error}")
            return
        url = f"https://{NAME}:{place.https}"
        yield Connection(url, f"{url}/api (its certificate: .dev/gateway/tls)")


def _place(root: Path) -> Place:
    system = read_system(root / SYSTEM)
    ports = chosen_ports(system, base_environment(root, system.env_files))
    services = {name.replace("_", "-"): f"{HOST}:{port}" for name, port in ports.items()}
    folder = root / ".dev" / "gateway"
    folder.mkdir(parents=True, exist_ok=True)
    return Place(folder, free_port(_HTTP), free_port(_HTTPS), services)


def free_port(wanted: int) -> int:
    """Give the wanted port if it is free, else another one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            return free_port(0)
        return int(probe.getsockname()[1])

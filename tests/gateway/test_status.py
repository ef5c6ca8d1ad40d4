"""What nginx counts, told by the real exporter: the metrics that rules and panels ask for.

The nginx of the Python environment does not count, so it is the machine's own that reads the file.
"""

import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from tests.gateway.conftest import free_ports

EXPORTER = "prometheus-nginx-exporter"
pytestmark = [
    pytest.mark.about("level_3"),
    pytest.mark.needs("nginx"),
    pytest.mark.needs(EXPORTER),
]
PATIENCE_S = 10
CONFIGURATION = """\
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 16; }}
http {{
    access_log off;
    client_body_temp_path bodies;
    proxy_temp_path answers;
    fastcgi_temp_path unused;
    uwsgi_temp_path unused;
    scgi_temp_path unused;
    include status.conf;
    server {{
        listen 127.0.0.1:{port};
        location / {{ return 204; }}
    }}
}}
"""
Told = Callable[[], Mapping[str, float]]


@contextmanager
def running(port: int, *command: str) -> Iterator[None]:
    """Run a server until this is left; it listens once this is entered."""
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + PATIENCE_S
            while time.monotonic() < end and process.poll() is None:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.05)
            yield
        finally:
            process.terminate()


@contextmanager
def serving(folder: Path, status: Path) -> Iterator[tuple[int, int]]:
    """Run nginx with the file that counts; give its port, and that of the figures."""
    port, counted = free_ports(2)
    text = status.read_text().replace("listen 8081", f"listen 127.0.0.1:{counted}")
    (folder / "status.conf").write_text(text)
    file = folder / "nginx.conf"
    file.write_text(CONFIGURATION.format(port=port))
    with running(port, "nginx", "-p", str(folder), "-c", str(file)):
        yield port, counted


@contextmanager
def exporting(counted: int) -> Iterator[Told]:
    """Run the exporter; ask for what it tells by calling what is given."""
    (port,) = free_ports(1)
    source = f"-nginx.scrape-uri=http://127.0.0.1:{counted}/stub_status"

    def told() -> dict[str, float]:
        text = httpx2.get(f"http://127.0.0.1:{port}/metrics").text
        found = re.findall(r"(?m)^(nginx_\w+)(?:\{.*\})? (\S+)$", text)
        return {name: float(value) for name, value in found}

    with running(port, EXPORTER, source, f"-web.listen-address=127.0.0.1:{port}"):
        yield told


@pytest.fixture
def prometheus(rendered: Callable[[str], Path]) -> Path:
    """The folder of what is measured."""
    return rendered("task_manager@3") / "deploy/prometheus"


def test_what_is_asked_for_is_told(prometheus: Path, tmp_path: Path) -> None:
    with ExitStack() as exporter:
        with serving(tmp_path, prometheus.parent / "nginx/status.conf") as (port, counted):
            told = exporter.enter_context(exporting(counted))
            before = told()
            for _ in range(5):
                assert httpx2.get(f"http://127.0.0.1:{port}/").status_code == 204
            after = told()
            assert httpx2.get(f"http://127.0.0.1:{counted}/").status_code == 404
        gone = told()

    assert set((prometheus / "exported.txt").read_text().split()) <= after.keys()
    assert after["nginx_up"] == 1
    assert after["nginx_http_requests_total"] - before["nginx_http_requests_total"] >= 5
    assert after["nginx_connections_accepted"] == after["nginx_connections_handled"]
    assert gone["nginx_up"] == 0


def test_who_is_refused_was_accepted_and_not_handled(prometheus: Path, tmp_path: Path) -> None:
    with (
        serving(tmp_path, prometheus.parent / "nginx/status.conf") as (port, counted),
        exporting(counted) as told,
    ):
        with ExitStack() as clients:
            for _ in range(30):
                client = clients.enter_context(socket.create_connection(("127.0.0.1", port)))
                with suppress(ConnectionError):
                    client.sendall(b"GET / HTTP/1.1\r\nHo")  # and no more of it
                time.sleep(0.01)  # it is read: what is idle would make room
        time.sleep(0.2)
        after = told()

    assert after["nginx_connections_accepted"] > after["nginx_connections_handled"]

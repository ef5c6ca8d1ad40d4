"""A service goes down: a real Prometheus finds it, a real Alertmanager tells a webhook, and so on."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest

from tests.choosing import missing

pytestmark = [
    pytest.mark.long,
    pytest.mark.about("level_3"),
    pytest.mark.needs("prometheus"),
]

API = "team-tasks-api"
PATIENCE_S = 60
# The same files, with seconds in place of minutes.
HASTE = {
    "scrape_interval: 15s": "scrape_interval: 1s",
    "evaluation_interval: 30s": "evaluation_interval: 1s",
    "for: 1m": "for: 2s",
    "group_wait: 10s": "group_wait: 1s",
    "group_interval: 5m": "group_interval: 1s",
}


@pytest.fixture
def project(rendered: Callable[[str], Path]) -> Path:
    return rendered("task_manager@3")


@pytest.fixture
def tools(project: Path) -> ModuleType:
    """The project's own module that puts Prometheus onto this machine."""
    return prometheus_of(project)


def prometheus_of(project: Path) -> ModuleType:
    """Load that module, if there is a Prometheus for it."""
    spec = spec_from_file_location("prometheus_of_the_project", project / "tools/dev/prometheus.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    try:
        module.program("prometheus")
    except module.PrometheusError as error:
        missing(str(error))
    return module


@contextmanager
def serving(port: int, answer: Callable[[bytes], bytes]) -> Iterator[None]:
    """Answer whatever is asked at a port, for as long as this is entered."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(said)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def alertmanager(tools: ModuleType, project: Path, folder: Path, receiver: str) -> Iterator[str]:
    """The project's Alertmanager, which tells this receiver."""
    try:
        found = tools.program("alertmanager", oldest=(0, 26), called="prometheus-alertmanager")
    except tools.PrometheusError as error:
        missing(str(error))
    secret = folder / "alert_webhook_url"
    secret.write_text(f"{receiver}\n")
    text = hasty((project / "deploy/alertmanager/alertmanager.yml").read_text())
    file = folder / "alertmanager.yml"
    file.write_text(text.replace("/run/secrets/alert_webhook_url", str(secret)))
    address = f"127.0.0.1:{free_port()}"
    command = [found, f"--config.file={file}", f"--storage.path={folder / 'alertmanager'}"]
    command += [f"--web.listen-address={address}", "--cluster.listen-address="]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            yield address
        finally:
            process.terminate()


def hasty(text: str) -> str:
    for slow, fast in HASTE.items():
        text = text.replace(slow, fast)
    return text


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def until(happened: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def test_a_service_goes_down_and_comes_back(
    tools: ModuleType, project: Path, tmp_path: Path
) -> None:
    told: list[tuple[str, str]] = []

    def hook(body: bytes) -> bytes:
        for alert in json.loads(body)["alerts"]:
            labels = alert["labels"]
            told.append((f"{labels['alertname']} {labels.get('job')}", alert["status"]))
        return b""

    port, receiver = free_port(), free_port()
    with ExitStack() as stack:
        stack.enter_context(serving(receiver, hook))
        manager = stack.enter_context(
            alertmanager(tools, project, tmp_path, f"http://127.0.0.1:{receiver}/")
        )
        services = {API: f"127.0.0.1:{port}", "alertmanager": manager}
        place = tools.Place(tmp_path, free_port(), services)
        configuration = tools.write(project, place)
        for file in configuration.parent.rglob("*.yml"):
            file.write_text(hasty(file.read_text()))
        stack.enter_context(tools.running(configuration, place))
        down = f"ServiceDown {API}"

        def is_up() -> bool:
            asked = {"query": f'up{{job="{API}"}}'}
            answer = httpx2.get(f"http://127.0.0.1:{place.port}/api/v1/query", params=asked)
            result = answer.json()["data"]["result"]
            return bool(result) and result[0]["value"][1] == "1"

        with serving(port, lambda _: b"http_server_active_requests 0\n"):
            until(is_up, "it is not measured")
        until(lambda: (down, "firing") in told, f"nobody was told: {told}")
        assert (down, "resolved") not in told
        with serving(port, lambda _: b"http_server_active_requests 0\n"):
            until(lambda: (down, "resolved") in told, f"it was not taken back: {told}")
    assert not [name for name, _ in told if name.startswith("Watchdog")]
    assert not [name for name, _ in told if "team-data" in name]  # it is not here at all


def test_a_rule_that_is_wrong_is_told_in_one_line(
    tools: ModuleType, project: Path, tmp_path: Path
) -> None:
    place = tools.Place(tmp_path, free_port(), {})
    configuration = tools.write(project, place)
    (configuration.parent / "rules/own.yml").write_text("groups: [{name: a, rules: [{expr: }]}]\n")

    with (
        pytest.raises(tools.PrometheusError, match="prometheus did not start") as told,
        tools.running(configuration, place),
    ):
        pass

    assert len(str(told.value).splitlines()) == 1

"""The command that serves, as it is started everywhere."""

import faulthandler
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from uvicorn.supervisors import ChangeReload

from chassis import serve
from chassis.server import Server, Settings
from chassis.server.server import LAST_RESORT_S

HOST = "127.0.0.1"
PATIENCE_S = 30
APP = """
from fastapi import Request
from chassis import server
from chassis.app import assemble
from chassis.features import FeatureSettings

def create_app():
    app = assemble("Garden", [], FeatureSettings(), [server])

    @app.post("/")
    async def read(request: Request) -> int:
        return len(await request.body())

    return app
"""
HALF_A_REQUEST = (
    b"POST / HTTP/1.1\r\nHost: garden\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
)


@pytest.fixture
def garden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an application, which is the current one."""
    (tmp_path / "garden_app.py").write_text(APP, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("ACCESS_LOG", "SHUTDOWN_TIMEOUT"):
        monkeypatch.setenv(name, "1")  # so that it is put back
        monkeypatch.delenv(name)
    return tmp_path


@pytest.mark.usefixtures("garden")
def test_options_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[uvicorn.Server] = []

    def run(server: uvicorn.Server, _sockets: Any = None) -> None:
        server.started = True
        started.append(server)

    monkeypatch.setattr(uvicorn.Server, "run", run)
    given = ["--host", "0.0.0.0", "--port", "8123", "--shutdown-timeout", "7", "--no-access-log"]  # noqa: S104
    serve.main(["garden_app:create_app", *given])

    (server,) = started
    config = server.config
    assert (config.host, config.port, config.timeout_graceful_shutdown) == ("0.0.0.0", 8123, 7)  # noqa: S104
    assert os.environ["ACCESS_LOG"] == "false"
    assert not config.access_log


@pytest.mark.usefixtures("garden")
def test_code_that_changes_is_served_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    watched: list[Any] = []

    def run(supervisor: Any) -> None:
        watched.extend([supervisor.config.reload_dirs, supervisor.target])
        for opened in supervisor.sockets:
            opened.close()

    monkeypatch.setattr(ChangeReload, "run", run)
    serve.main(["garden_app:create_app", "--port", "0", "--reload", "--reload-dir", "."])

    folders, target = watched
    assert folders == [Path.cwd()]
    assert target.args == ("garden_app:create_app", HOST, 0)


@pytest.mark.usefixtures("garden")
@pytest.mark.parametrize("app", ["garden_app:create", "no_such_module:create_app", "garden_app"])
def test_what_cannot_be_served_is_told_in_a_line(app: str) -> None:
    with pytest.raises(SystemExit, match=r"^chassis\.serve: .+") as ended:
        serve.main([app])

    assert "\n" not in str(ended.value)


def test_what_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    patience: list[tuple[float, bool]] = []

    def later(timeout: float, *, exit: bool) -> None:  # noqa: A002  # as it is named there
        patience.append((timeout, exit))

    monkeypatch.setattr(faulthandler, "dump_traceback_later", later)
    server = Server(lambda *_: None, Settings(shutdown_timeout=3))  # type: ignore[arg-type]
    server.handle_exit(signal.SIGTERM, None)

    assert server.should_exit
    assert patience == [(3 + LAST_RESORT_S, True)]


def test_the_process_stops_in_time(garden: Path) -> None:
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "chassis.serve", "garden_app:create_app", "--port", str(port)]
    process = subprocess.Popen([*words, "--shutdown-timeout", "1"], cwd=garden)  # noqa: S603
    try:
        connection = connected(port, process)
        connection.sendall(HALF_A_REQUEST)
        assert connection.recv(25).startswith(b"HTTP/1.1 100")  # the service waits for the body
        started = time.monotonic()
        process.terminate()

        assert process.wait(PATIENCE_S) == -signal.SIGTERM
        assert time.monotonic() - started < 1 + LAST_RESORT_S
        connection.close()
    finally:
        process.kill()
        process.wait()


def connected(port: int, process: "subprocess.Popen[bytes]") -> socket.socket:
    """Connect as soon as the process listens."""
    ends = time.monotonic() + PATIENCE_S
    while True:
        try:
            return socket.create_connection((HOST, port), PATIENCE_S)
        except ConnectionRefusedError:
            assert process.poll() is None
            assert time.monotonic() < ends
            time.sleep(0.05)

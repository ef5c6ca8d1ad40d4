"""A RabbitMQ of this project, without Docker, where RabbitMQ is installed.

``python -m tools.dev.servers.rabbitmq`` says where that of `make dev` is.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from tools.common import ToolError, say
from tools.common.processes import signal_group
from tools.dev.servers import Connection
from tools.dev.system import Server

HOST = "127.0.0.1"
PORT = 5672
MISSING = (
    "not installed: events wait in the database until one runs. Install rabbitmq-server (apt,"
    " brew) and start again, or: docker run --rm --publish 127.0.0.1:5672:5672 rabbitmq:4"
)

_DATA = Path(".dev/rabbitmq")
_PROGRAM = "rabbitmq-server"
# What Debian has on the PATH runs as another user, with data of its own.
_DEBIAN = Path("/usr/lib/rabbitmq/bin") / _PROGRAM
_STARTED = b"startup complete"
_START_TIMEOUT_S = 90.0
_STARTS = 3
_NAMES_TIMEOUT_S = 5.0
_STOP_TIMEOUT_S = 30.0
_POLL_S = 0.1
_SHOWN_LINES = 10


@contextmanager
def run(_server: Server, root: Path) -> Iterator[Connection]:
    """Run RabbitMQ if it is installed; say how to get one if it is not."""
    program = installed()
    if program is None:
        yield Connection(_address(PORT), MISSING)
        return
    node = Node(program, root / _DATA, PORT)
    node.start()
    try:
        yield Connection(node.url, f"{node.url} (.dev/rabbitmq)")
    finally:
        node.stop()


def installed() -> Path | None:
    """Find RabbitMQ's program."""
    found = shutil.which(_PROGRAM)
    if _DEBIAN.exists():
        return _DEBIAN
    return Path(found) if found else None


def address(root: Path) -> str:
    """Give the address of the one that `make dev` runs now, else the usual one."""
    running = _running(_note(root / _DATA))
    return _address(running.port if running else PORT)


class Node:
    """A RabbitMQ that keeps its data in a folder, and that only this machine reaches."""

    def __init__(self, program: Path, data: Path, wanted_port: int = 0) -> None:
        self._program = program
        self._data = data = data.resolve()
        self._log = data.with_name(f"{data.name}.log")
        self._note = _note(data)
        self._wanted_port = wanted_port
        self.port = 0
        self._inner_port = self._names_port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is, also when it was stopped and started again."""
        return _address(self.port)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._data.mkdir(parents=True, exist_ok=True)
        self._end_left_over()
        known = self.port
        # A port that is free now may be taken when RabbitMQ comes to it, by another one that starts.
        for left in reversed(range(_STARTS)):
            self.port = known or _free_port(self._wanted_port)
            self._inner_port, self._names_port = _free_port(), _free_port()
            self._process = self._begun()
            try:
                started = self._wait(self._process)
            except BaseException:
                self.stop()
                raise
            if started:
                return
            said = self._said()
            self.stop()
            if not left:
                raise ToolError(f"RabbitMQ did not start ({self._log}):\n{said}")

    def _begun(self) -> subprocess.Popen[bytes]:
        with self._log.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603  # the installed program, no shell
                [self._program],
                cwd=self._data,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C at the terminal must not stop it before the services.
                start_new_session=True,
            )
        began = psutil.Process(process.pid).create_time()
        noted = f"{process.pid} {began} {self._names_port} {self.port}"
        self._note.write_text(noted, "utf-8")
        return process

    def stop(self, timeout_s: float = _STOP_TIMEOUT_S) -> None:
        """Stop it, by force when that takes longer; its data stays."""
        if self._process is not None:
            running = self._process.poll() is None
            _end(psutil.Process(self._process.pid) if running else None, timeout_s)
            self._process.wait()
            self._process = None
        _end_names(self._names_port)
        self._note.unlink(missing_ok=True)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(self._data),  # where its cookie is
            "ERL_EPMD_ADDRESS": HOST,
            "ERL_EPMD_PORT": str(self._names_port),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_CONFIG_FILE": str(self._data / "rabbitmq.conf"),
            "RABBITMQ_DIST_PORT": str(self._inner_port),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._data / "plugins"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG_BASE": str(self._data / "log"),
            "RABBITMQ_MNESIA_BASE": str(self._data / "data"),
            "RABBITMQ_NODENAME": "rabbit@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": HOST,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }

    def _wait(self, process: subprocess.Popen[bytes]) -> bool:
        """Wait until it answers; `False` when it ended instead."""
        end = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < end:
            if process.poll() is not None:
                return False
            if _STARTED in self._log.read_bytes():
                return True
            time.sleep(_POLL_S)
        raise ToolError(f"RabbitMQ did not start ({self._log}):\n{self._said()}")

    def _end_left_over(self) -> None:
        """End the one of a run that was killed: two must not have the same data."""
        if left := _running(self._note):
            _end(left.process)
            _end_names(left.names_port)

    def _said(self) -> str:
        text = self._log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(f"    {line}" for line in text.rstrip().splitlines()[-_SHOWN_LINES:])


@dataclass(frozen=True)
class _Running:
    """One that runs, with the port of its register of names."""

    process: psutil.Process
    names_port: int
    port: int


def _note(data: Path) -> Path:
    return data.with_name(f"{data.name}.pid")


def _running(note: Path) -> _Running | None:
    with suppress(OSError, ValueError, psutil.Error):
        pid, started, names_port, port = note.read_text("utf-8").split()
        process = psutil.Process(int(pid))
        if process.create_time() == float(started):
            return _Running(process, int(names_port), int(port))
    return None


def _end(process: psutil.Process | None, timeout_s: float = _STOP_TIMEOUT_S) -> None:
    """End a process group, of which this is the first process."""
    if process is None:
        return
    signal_group(process.pid, signal.SIGTERM)
    with suppress(psutil.Error):
        process.wait(timeout_s)
    signal_group(process.pid, signal.SIGKILL)


def _end_names(port: int) -> None:
    """End the register of names, which Erlang starts and leaves behind."""
    if epmd := shutil.which("epmd"):
        command = [epmd, "-port", str(port), "-kill"]
        # What listens there may be another program, which never answers.
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(  # noqa: S603  # no shell
                command, capture_output=True, check=False, timeout=_NAMES_TIMEOUT_S
            )


def _address(port: int) -> str:
    return f"amqp://{HOST}:{port}/"


def _free_port(wanted: int = 0) -> int:
    """Give the wanted port if it is free, else another one."""
    with socket.socket() as probe:
        try:
            probe.bind((HOST, wanted))
        except OSError:
            return _free_port()
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    say(address(Path.cwd()), sys.stdout)

"""MongoDB: the program of this machine, else SecantusDB, a stand-in that speaks its protocol."""

import importlib.util
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

from tools.common import ToolError
from tools.common.processes import signal_group
from tools.dev.servers import Connection
from tools.dev.system import Server

PROGRAM = "mongod"

_HOST = "127.0.0.1"
_DATA = Path(".dev")
_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 20.0
_POLL_S = 0.05
_SHOWN_LINES = 10


@contextmanager
def run(_server: Server, root: Path) -> Iterator[Connection]:
    """Run MongoDB, or find the one that runs for this project already."""
    program = installed()
    node = Node(program, root / _DATA / program.kind)
    if running := node.running():
        yield Connection(running, f"{running} (runs already)")
        return
    node.end_left_over()
    node.start()
    try:
        yield Connection(node.url, f"{node.url} (.dev/{program.kind}, {program.told})")
    finally:
        node.stop()


@dataclass(frozen=True)
class Program:
    """What is run, and what is told of it."""

    words: tuple[str, ...]
    kind: str
    told: str

    def command(self, port: int, data: Path) -> list[str]:
        """Give the words that run it on a port, with its data in a folder."""
        if self.kind == PROGRAM:
            own = ["--bind_ip", _HOST, "--port", str(port), "--dbpath", str(data)]
        else:
            own = ["--host", _HOST, "--port", str(port), "--storage-path", str(data)]
            own += ["--standalone", "--cache-size", "128M", "--log-level", "WARNING"]
        return [*self.words, *own]


def installed() -> Program:
    """Find the program: MongoDB where it is installed, else the stand-in of this project."""
    if found := shutil.which(PROGRAM):
        return Program((found,), PROGRAM, found)
    if importlib.util.find_spec("secantus") is None:
        raise ToolError(f"there is no {PROGRAM} on the PATH, nor SecantusDB: run `uv sync`")
    told = f"SecantusDB, a stand-in: there is no {PROGRAM} on the PATH"
    return Program((sys.executable, "-m", "secantus"), "secantusdb", told)


class Node:
    """A server on a port of its own, which keeps its data in a folder."""

    def __init__(self, program: Program, data: Path) -> None:
        self._program = program
        self._data = data.resolve()
        self._log = self._data.with_name(f"{data.name}.log")
        self._note = self._data.with_name(f"{data.name}.pid")
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is, also when it was stopped and started again."""
        return _address(self.port)

    def running(self) -> str | None:
        """Give the address of the one that another command runs with this data now."""
        noted = self._noted()
        return _address(noted.port) if noted and noted.owner else None

    def end_left_over(self) -> None:
        """End the one of a command that was killed: two must not have the same data."""
        if noted := self._noted():
            signal_group(noted.process.pid, signal.SIGKILL)
            with suppress(psutil.Error):
                noted.process.wait(_STOP_TIMEOUT_S)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._data.mkdir(parents=True, exist_ok=True)
        self.port = self.port or _free_port()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  # the installed program, no shell
                self._program.command(self.port, self._data),
                cwd=self._data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C at the terminal must not stop it before the services.
                start_new_session=True,
            )
        both = (psutil.Process(self._process.pid), psutil.Process())
        known = " ".join(f"{one.pid} {one.create_time()}" for one in both)
        self._note.write_text(f"{known} {self.port}", "utf-8")
        try:
            self._wait(self._process)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Stop it, by force when that takes long; its data stays."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_TIMEOUT_S)
        self.kill()

    def kill(self) -> None:
        """End it at once, as a machine does that fails."""
        if self._process is not None:
            signal_group(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
        self._note.unlink(missing_ok=True)

    def _noted(self) -> "_Noted | None":
        with suppress(OSError, ValueError):
            *known, port = self._note.read_text("utf-8").split()
            process, owner = _process(*known[:2]), _process(*known[2:])
            return _Noted(process, owner, int(port)) if process else None
        return None

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < end and process.poll() is None:
            if _answers(self.port):
                return
            time.sleep(_POLL_S)
        raise ToolError(f"MongoDB did not start ({self._log}):\n{self._said()}")

    def _said(self) -> str:
        text = self._log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(f"    {line}" for line in text.rstrip().splitlines()[-_SHOWN_LINES:])


@dataclass(frozen=True)
class _Noted:
    """A server that runs, and the command that started it, if that runs yet."""

    process: psutil.Process
    owner: psutil.Process | None
    port: int


def _process(pid: str, started: str) -> psutil.Process | None:
    """Find the process that was noted: another one may have its number since."""
    with suppress(psutil.Error):
        found = psutil.Process(int(pid))
        if found.create_time() == float(started):
            return found
    return None


def _address(port: int) -> str:
    return f"mongodb://{_HOST}:{port}"


def _answers(port: int) -> bool:
    """Tell whether it takes connections, which it does when it is ready for commands."""
    try:
        socket.create_connection((_HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.create_server((_HOST, 0)) as probe:
        return int(probe.getsockname()[1])

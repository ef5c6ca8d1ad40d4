"""Redis: the program of this machine, else one in memory that does the same, only slower."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from fakeredis import TcpFakeServer

from tools.common import ToolError
from tools.dev.servers import Connection
from tools.dev.system import Server

PROGRAM = "redis-server"

_HOST = "127.0.0.1"
_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 5.0
_POLL_S = 0.02
# As under Docker Compose.
_MEMORY = ("--maxmemory", "256mb", "--maxmemory-policy", "noeviction")


@contextmanager
def run(_server: Server, root: Path) -> Iterator[Connection]:
    """Run Redis for as long as this is entered; what it holds is gone afterwards."""
    if program := shutil.which(PROGRAM):
        redis = RedisServer(program, root / ".dev" / "redis")
        redis.start()
        try:
            yield Connection(redis.url, f"{_HOST}:{redis.port} ({program})")
        finally:
            redis.stop()
    else:
        with in_memory() as stand_in:
            where = f"{_HOST}:{stand_in.server_address[1]}"
            told = f"{where} (in memory, by fakeredis: there is no {PROGRAM} on the PATH)"
            yield Connection(address_of(stand_in), told)


class RedisServer:
    """A server on a port of its own, which others may not find; it keeps nothing."""

    def __init__(self, program: str, folder: Path) -> None:
        self.port = _free_port()
        self.url = f"redis://{_HOST}:{self.port}/0"
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._end_former()
        command = [self._program, "--bind", _HOST, "--port", str(self.port)]
        command += ["--save", "", "--appendonly", "no", "--dir", str(self._folder)]
        command += _MEMORY
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  # the program that was found on the PATH
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C at the terminal must not stop it before those who use it.
                start_new_session=True,
            )
        (self._folder / "pid").write_text(str(self._process.pid), encoding="utf-8")
        self._wait(self._process)

    def stop(self) -> None:
        """Stop it, however busy it is."""
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _end_former(self) -> None:
        """End the server of a run that was killed, which had no time to do so."""
        with suppress(OSError, ValueError, psutil.Error):
            former = psutil.Process(int((self._folder / "pid").read_text(encoding="utf-8")))
            if former.name() == PROGRAM and former.cwd() == str(self._folder.resolve()):
                former.kill()
                former.wait(_STOP_TIMEOUT_S)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < end and process.poll() is None:
            if _answers(self.port):
                return
            time.sleep(_POLL_S)
        self.stop()
        said = (self._folder / "log").read_text(encoding="utf-8", errors="replace")
        raise ToolError(f"Redis did not start ({self._folder / 'log'}):\n{said.rstrip()}")


@contextmanager
def in_memory() -> Iterator[TcpFakeServer]:
    """Run a stand-in in a thread of this process."""
    server = TcpFakeServer((_HOST, 0))
    server.daemon_threads = True  # a client that stays connected must not keep Ctrl-C waiting
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def address_of(server: TcpFakeServer) -> str:
    """Give the address of a stand-in, as services want it."""
    return f"redis://{_HOST}:{server.server_address[1]}/0"


def _free_port() -> int:
    with socket.create_server((_HOST, 0)) as probe:
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((_HOST, port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False

"""The store of files: SeaweedFS where it is installed, else a folder; FILES_URL names another."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil  # type: ignore[import-untyped]

from chassis_files.testing.seaweedfs import PROGRAM, Seaweedfs, installed, seaweedfs
from tools.common import ToolError
from tools.common.processes import GUARD
from tools.dev.servers import Connection
from tools.dev.system import Server

_START_TIMEOUT_S = 60.0
# Longer than one that was killed together with its `make dev` takes to end.
_FREE_TIMEOUT_S = 30.0
_POLL_S = 0.05
_SHOWN_LINES = 10


@contextmanager
def run(_server: Server, root: Path) -> Iterator[Connection]:
    """Run SeaweedFS, or name the folder; what is in them stays, as the database does."""
    folder, data = root / ".dev" / "files", root / ".dev" / "seaweedfs"
    where = folder.relative_to(root)
    program = installed()
    if program and not _filled(folder):
        with served(program, data) as store:
            told = f"{store.endpoint} ({data.relative_to(root)}, SeaweedFS: {program})"
            yield Connection(store.url, told)
        return
    told = f"{where} (a folder)"
    if program:
        told = f"{where} (a folder, which has files already: without them it would be {program})"
    elif data.exists():
        told = f"{where} (a folder: what is in {data.relative_to(root)} needs {PROGRAM}, which is away)"
    folder.mkdir(parents=True, exist_ok=True)
    yield Connection(folder.resolve().as_uri(), told)


@contextmanager
def served(program: str, data: Path) -> Iterator[Seaweedfs]:
    """Run SeaweedFS for as long as this is entered."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = data / "log"
    with ExitStack() as stack:
        lock = stack.enter_context(_alone(data / "lock"))
        store = seaweedfs(program, data)
        # The guard waits at one end of the pipe: it ends the server when this process dies.
        waiting, held = os.pipe()
        stack.callback(os.close, held)
        with log.open("wb") as output:
            guard = subprocess.Popen(  # noqa: S603  # the program that was found, no shell
                [sys.executable, "-I", str(GUARD), str(waiting), *store.command()],
                cwd=data,
                env=store.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C at the terminal must not stop it before the services.
                start_new_session=True,
                pass_fds=[waiting, lock.fileno()],
            )
        os.close(waiting)
        stack.callback(_end, guard, store)
        _wait(guard, store, log)
        yield store


@contextmanager
def _alone(path: Path) -> Iterator[IO[str]]:
    """Hold a lock, which the guard of a former run holds until its server has ended."""
    with path.open("a", encoding="utf-8") as lock:
        end = time.monotonic() + _FREE_TIMEOUT_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > end:
                    raise ToolError(f"another SeaweedFS uses {path.parent}") from error
                time.sleep(_POLL_S)
        yield lock


def _wait(guard: subprocess.Popen[bytes], store: Seaweedfs, log: Path) -> None:
    end = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < end and guard.poll() is None:
        if store.ready():
            return
        time.sleep(_POLL_S)
    lines = log.read_text("utf-8", errors="replace").splitlines()[-_SHOWN_LINES:]
    said = "\n".join(f"    {line}" for line in lines)
    raise ToolError(f"SeaweedFS did not start ({log}):\n{said}")


def _end(guard: subprocess.Popen[bytes], store: Seaweedfs) -> None:
    """Kill the server, which would take long to end: what it has taken is in its files."""
    while guard.poll() is None:
        with suppress(psutil.Error):
            for process in psutil.Process(guard.pid).children(recursive=True):
                process.kill()
        time.sleep(_POLL_S)
    store.tidy()


def _filled(folder: Path) -> bool:
    return any(one.is_file() for one in folder.rglob("*"))

"""Child processes that end together with their descendants, and locks between processes."""

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tools.common import ToolError

GUARD = Path(__file__).with_name("guard.py")
_STEP_S = 1.0
_USUAL_PROCESSORS = 2
_QUICK_S = 10.0
_LOOPBACK = "127.0.0.1,::1,localhost"


def tool_path(environment: Mapping[str, str]) -> str:
    """Return a PATH on which the tools of the running environment come first."""
    scripts = str(Path(sys.executable).parent)
    return os.pathsep.join([scripts, environment.get("PATH", os.defpath)])


def without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which calls to this machine pass every proxy by."""
    told = environment.get("NO_PROXY") or environment.get("no_proxy")
    away = ",".join(filter(None, [told, _LOOPBACK]))
    return {"NO_PROXY": away, "no_proxy": away}


def signal_group(group: int, number: signal.Signals) -> None:
    """Signal a whole process group; one that is gone already is no error."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


async def end_group(process: asyncio.subprocess.Process, grace_s: float) -> None:
    """Ask a process and its descendants to end; kill what is left after the grace period."""
    if process.returncode is None:
        signal_group(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), grace_s)
    signal_group(process.pid, signal.SIGKILL)
    await process.wait()


async def output_of(
    command: tuple[str, ...], environment: Mapping[str, str], root: Path
) -> str | None:
    """Return what a quick command prints, or nothing if it is missing, slow or fails."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=root,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _QUICK_S)
    except TimeoutError:
        process.kill()
        return None
    return output.decode(errors="replace") if process.returncode == 0 else None


async def run_logged(
    command: tuple[str, ...], environment: Mapping[str, str], root: Path, log: Path, limit: float
) -> int | None:
    """Run a command with its output in a file; return its exit code, or nothing on a timeout.

    Whatever it started ends with it; and so does the command when this process is killed.
    """
    waiting, held = os.pipe()
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(GUARD), str(waiting), *command),
            cwd=root,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[waiting],
        )
        os.close(waiting)
        try:
            return await _within(process, limit)
        finally:
            os.close(held)
            await process.wait()


async def _within(process: asyncio.subprocess.Process, limit: float) -> int | None:
    """Wait for a process; time counts less while others have the processors."""
    used = 0.0
    while used < limit:
        slower = crowding()
        step = min(_STEP_S, (limit - used) * slower)
        with suppress(TimeoutError):
            return await asyncio.wait_for(process.wait(), step)
        used += step / slower
    return None


def crowding() -> float:
    """Say how many times as long things take here: by the load, and where one processor is all."""
    processors = os.cpu_count() or 1
    return max(1.0, os.getloadavg()[0] / processors, _USUAL_PROCESSORS / processors)


@contextmanager
def only_one(path: Path, what: str) -> Iterator[None]:
    """Hold a lock for as long as this runs; a second holder is told who the first one is."""
    with _opened(path) as file:
        if not _locked(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
            pid = file.read().strip() or "unknown"
            raise ToolError(f"{what} is already running in this project (pid {pid}); stop it first")
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait for a lock and hold it."""
    with _opened(path) as file:
        _locked(file, fcntl.LOCK_EX)
        yield


class Users:
    """Counts the users of something shared, across processes."""

    def __init__(self, path: Path) -> None:
        self._file = _opened(path)

    def join(self) -> None:
        """Become a user."""
        _locked(self._file, fcntl.LOCK_SH)

    def leave(self) -> bool:
        """Stop being a user; say whether nobody else is left."""
        last = _locked(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._file.close()
        return last


def _opened(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8")
    except PermissionError as error:
        raise ToolError(
            f"{path} belongs to another user; run this as that user, or remove {path.parent}"
        ) from error


def _locked(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind)
    except BlockingIOError:
        return False
    return True

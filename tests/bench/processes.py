"""Processes that are measured: started, kept on one core, looked at, stopped. Linux only."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from timing import ENVIRONMENT

PROC = Path("/proc")
STOP_S = 20.0


@contextmanager
def started(
    command: Sequence[str | Path],
    *,
    at: Path,
    log: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a command in the background, its output in a file; it ends with the block."""
    with log.open("wb") as output, _popen(command, at, output, environment) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _popen(
    command: Sequence[str | Path],
    at: Path,
    output: IO[bytes],
    environment: Mapping[str, str] | None,
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        cwd=at,
        env={**ENVIRONMENT, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
    )


def wait_for(
    url: str, process: "subprocess.Popen[bytes]", log: Path, timeout_s: float = 90
) -> None:
    """Return once the address answers 200."""

    def answers() -> bool:
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=2):  # noqa: S310
            return True
        return False

    _wait(answers, process, log, f"{url} does not answer", timeout_s)


def wait_until_told(
    line: str, process: "subprocess.Popen[bytes]", log: Path, timeout_s: float = 90
) -> None:
    """Return once a process has said something."""

    def told() -> bool:
        return line in log.read_text("utf-8", "replace")

    _wait(told, process, log, f"{line!r} is not said", timeout_s)


def _wait(
    done: Callable[[], bool],
    process: "subprocess.Popen[bytes]",
    log: Path,
    otherwise: str,
    timeout_s: float,
) -> None:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end and process.poll() is None:
        if done():
            return
        time.sleep(0.05)
    tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-15:])
    raise RuntimeError(f"{otherwise}:\n{tail}")


def descendants(pid: int) -> Iterator[int]:
    """Give the process ids below this one."""
    for task in _tasks(pid):
        with suppress(OSError):
            for child in map(
                int, (PROC / f"{pid}/task/{task}/children").read_text("ascii").split()
            ):
                yield child
                yield from descendants(child)


def keep_on(core: int, pids: Sequence[int]) -> None:
    """Let processes, and what they start from now on, run on one core."""
    for pid in pids:
        for task in _tasks(pid):
            with suppress(ProcessLookupError):
                os.sched_setaffinity(task, {core})


def _tasks(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(path.name) for path in (PROC / f"{pid}/task").iterdir()]
    return []


def command_line(pid: int) -> str:
    """Give the command line of a process, empty if it is gone."""
    with suppress(OSError):
        return (PROC / f"{pid}/cmdline").read_text("utf-8", "replace").replace("\0", " ")
    return ""


def megabytes(pids: Sequence[int]) -> float:
    """Sum up the memory that is resident for these processes."""
    lines = (
        line for pid in pids for line in (PROC / f"{pid}/status").read_text("ascii").splitlines()
    )
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024

"""One service as a child process: started, waited for, ended; its lines on the terminal."""

import asyncio
import shlex
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import psutil  # type: ignore[import-untyped]

from tools.common import ToolError, paint, say
from tools.common.processes import end_group
from tools.dev.system import Process, Service, System

_COLOURS = ("cyan", "magenta", "blue", "yellow", "green")
_KEPT = 20
_CHUNK = 65536
_POLL_S = 0.05
_ANSWER_S = 2.0
_FIRST_WORKER_S = 5.0
_SETTLED_S = 3.0
_PIPE_S = 1.0
_GRACEFUL_S = 2


class Lines:
    """Prefixes lines with names, aligned, each name in its own colour."""

    def __init__(self, names: Iterable[str], out: TextIO) -> None:
        self._out = out
        self._colours = {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(names)}
        self._width = max(map(len, self._colours))
        self._last = {name: deque[str](maxlen=_KEPT) for name in self._colours}

    def write(self, name: str, line: str) -> None:
        """Print one line of one service."""
        self._last[name].append(line)
        prefix = paint(f"{name:<{self._width}} |", self._colours[name], self._out)
        self.tell(f"{prefix} {line}")

    def tell(self, text: str) -> None:
        """Print a line of the runner's own; a terminal that has gone away is no reason to fail."""
        with suppress(OSError):
            say(text, self._out)

    def last(self, name: str) -> str:
        """Return what a service said last, indented."""
        return "\n".join(f"    {line}" for line in self._last[name])

    async def follow(self, name: str, stream: asyncio.StreamReader) -> None:
        """Print a stream until it ends; lines may have any length."""
        rest = b""
        while chunk := await stream.read(_CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self.write(name, line.decode(errors="replace").rstrip("\r"))
        if rest:
            self.write(name, rest.decode(errors="replace"))


@dataclass(frozen=True)
class Options:
    """What the command line chose for all services."""

    reload: bool
    access_log: bool


@dataclass(frozen=True)
class Running:
    """A started service."""

    service: Service
    process: asyncio.subprocess.Process
    url: str
    reload: bool
    started: float


@dataclass(frozen=True)
class RunningProcess:
    """A started process that serves nothing."""

    name: str
    process: asyncio.subprocess.Process
    reload: bool
    started: float


def command(service: Service, system: System, root: Path, port: int, options: Options) -> list[str]:
    """Return the command line of a service's web server."""
    words = [sys.executable, "-m", "chassis.serve", service.app]
    words += ["--host", system.host, "--port", str(port)]
    # Open streams must not keep Ctrl-C, or a reload, waiting.
    words += ["--shutdown-timeout", str(_GRACEFUL_S)]
    if not options.access_log:
        words.append("--no-access-log")
    if options.reload:
        words.append("--reload")
        for folder in _watched(service, system, root):
            words += ["--reload-dir", str(folder)]
    return words


def process_command(process: Process, system: System, root: Path, options: Options) -> list[str]:
    """Return the command line of a process; `python` is the one that runs this."""
    program, *rest = process.command
    command = [sys.executable if program == "python" else program, *rest]
    if not options.reload:
        return command
    words = [sys.executable, "-m", "watchfiles", "--filter", "python", "--verbosity", "warning"]
    return [*words, shlex.join(command), *map(str, _watched(process, system, root))]


def _watched(service: Service | Process, system: System, root: Path) -> list[Path]:
    globs = (*service.reload_dirs, *system.reload_dirs)
    return [path for glob in globs for path in sorted(root.glob(glob))]


@asynccontextmanager
async def process(
    words: list[str], name: str, root: Path, environment: Mapping[str, str], lines: Lines
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a command with its output among the lines; nothing of it outlives this."""
    child = await asyncio.create_subprocess_exec(
        *words,
        cwd=root,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    if child.stdout is None:
        raise RuntimeError("a process that was started with a pipe has none")
    following = asyncio.create_task(lines.follow(name, child.stdout))
    try:
        yield child
    finally:
        await end_group(child, _GRACEFUL_S + 1)
        with suppress(TimeoutError):
            await asyncio.wait_for(following, _PIPE_S)


async def wait_until_ready(running: Running, timeout_s: float, lines: Lines) -> None:
    """Return when the service answers; explain when it never will."""
    name, seen = running.service.name, False
    while time.monotonic() < running.started + timeout_s:
        if await _answers(running):
            return
        seen, died = _worker_died(running, seen=seen)
        if died:
            await asyncio.sleep(_POLL_S)
            raise ToolError(f"{name} died at start. Its last lines:\n{lines.last(name)}")
        await asyncio.sleep(_POLL_S)
    raise ToolError(
        f"{name} did not answer {running.url}{running.service.ready} within {timeout_s:g} s."
        f" Its last lines:\n{lines.last(name)}"
    )


async def wait_until_settled(running: RunningProcess, lines: Lines) -> None:
    """Return when the process has lived for a while; explain when it died instead."""
    await asyncio.sleep(max(0, running.started + _SETTLED_S - time.monotonic()))
    alive = running.process.returncode is None
    # The reloader outlives what it runs: it waits for a change of the code.
    if not alive or (running.reload and not _has_child(running.process.pid)):
        raise ToolError(
            f"{running.name} died at start. Its last lines:\n{lines.last(running.name)}"
        )


def _worker_died(running: Running, *, seen: bool) -> tuple[bool, bool]:
    if running.process.returncode is not None:
        return seen, True
    if not running.reload:
        return seen, False
    # The reloader outlives a worker that cannot start: it waits for a change of the code.
    alive = _has_child(running.process.pid, "spawn_main")
    late = time.monotonic() > running.started + _FIRST_WORKER_S
    return seen or alive, not alive and (seen or late)


def _has_child(pid: int, word: str = "") -> bool:
    """Tell whether a process has a child that lives, with a word in its command line."""
    with suppress(psutil.Error):
        return any(
            child.status() != psutil.STATUS_ZOMBIE and word in " ".join(child.cmdline())
            for child in psutil.Process(pid).children()
        )
    return True


async def _answers(running: Running) -> bool:
    host, port = running.url.removeprefix("http://").rsplit(":", 1)
    request = f"GET {running.service.ready} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(_ANSWER_S):
            reader, writer = await asyncio.open_connection(host, int(port))
            try:
                writer.write(request.encode())
                status = await reader.readline()
            finally:
                writer.close()
    except OSError:  # which a timeout is, too
        return False
    return status.split()[1:2] == [b"200"]

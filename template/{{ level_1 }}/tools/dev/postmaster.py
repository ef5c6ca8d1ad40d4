"""A PostgreSQL server as its data folder shows it, whoever has started it."""

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

_PID_LINE, _SOCKET_LINE, _STATUS_LINE = 0, 4, 7
_POLL_S = 0.02


@dataclass(frozen=True)
class Postmaster:
    """What postmaster.pid says: it may be half written, and outlives a killed server."""

    data: Path
    pid: int
    socket_dir: str
    status: str

    @property
    def ready(self) -> bool:
        """Say whether the server accepts connections."""
        return self.status == "ready"

    @property
    def alive(self) -> bool:
        """Say whether the process is this server, and not a later one with its number."""
        try:
            process = psutil.Process(self.pid)
            return process.status() != psutil.STATUS_ZOMBIE and str(self.data) in process.cmdline()
        except psutil.NoSuchProcess:
            return False

    @property
    def misleading(self) -> bool:
        """Say whether a killed server's number still is, or is again, that of some process.

        PostgreSQL itself copes with a number that nobody has. It would wait for a zombie, which
        stays where nobody collects it (a container), and for an unrelated program.
        """
        try:
            process = psutil.Process(self.pid)
            return process.status() == psutil.STATUS_ZOMBIE or "postgres" not in process.name()
        except psutil.NoSuchProcess:
            return False

    def stop(self, timeout_s: float) -> None:
        """Stop the server: politely at first, at once when it takes too long."""
        for number in (signal.SIGINT, signal.SIGQUIT):
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
            end = time.monotonic() + timeout_s
            while self.alive and time.monotonic() < end:
                time.sleep(_POLL_S)


def pid_file(data: Path) -> Path:
    """Return the file by which a data folder says that it is in use."""
    return data / "postmaster.pid"


def postmaster_of(data: Path) -> Postmaster | None:
    """Return the server that a data folder speaks of, if any."""
    try:
        lines = pid_file(data).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    lines += [""] * (_STATUS_LINE + 1 - len(lines))
    pid = lines[_PID_LINE].strip()
    if not pid.isdecimal():
        return None
    return Postmaster(data, int(pid), lines[_SOCKET_LINE].strip(), lines[_STATUS_LINE].strip())

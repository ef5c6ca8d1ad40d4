"""A PostgreSQL server process: what its data folder shows of it, and whose it is."""

import os
import pwd
import signal
import stat
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from tools.common import ToolError, say

_PID_LINE, _SOCKET_LINE, _STATUS_LINE = 0, 4, 7
_POLL_S = 0.02
_CANDIDATES = ("postgres", "nobody")


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


@dataclass(frozen=True)
class Owner:
    """The user whose process and files the database is."""

    uid: int
    gid: int
    name: str

    @property
    def switched(self) -> bool:
        """Say whether this is another user than the one who runs us."""
        return self.uid != os.geteuid()

    def process_options(self) -> dict[str, Any]:
        """Return what a subprocess needs in order to run as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switched else {}

    def make_folder(self, path: Path) -> None:
        """Make a folder that only this user can enter."""
        path.mkdir(parents=True, mode=0o700)
        if self.switched:
            os.chown(path, self.uid, self.gid)

    def open_way(self, path: Path) -> None:
        """Let this user pass through the folders above a path, without letting it list them."""
        if not self.switched:
            return
        for folder in path.parents:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
                say(f"{folder}: user {self.name} may now pass through (chmod o+x)", sys.stderr)

    def open_program(self, program: Path) -> None:
        """Let this user run a program and read what is installed with it."""
        if not self.switched:
            return
        self.open_way(program)
        if program.stat().st_mode & stat.S_IROTH:
            return
        for path in program.parent.parent.rglob("*"):
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | (mode & (stat.S_IRUSR | stat.S_IXUSR)) >> 6)


def database_owner(data: Path) -> Owner:
    """Return who owns the database: whoever made it, else us, else a user who is not root."""
    ours = os.geteuid()
    status = data.stat() if data.exists() else None
    made_by = status.st_uid if status else ours
    if ours not in (0, made_by):
        name = _user_name(made_by)
        raise ToolError(
            f"{data} belongs to user {name}; run this as {name} or as root, or remove it"
        )
    if made_by != 0:
        return Owner(made_by, status.st_gid if status else os.getegid(), _user_name(made_by))
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(entry.pw_uid, entry.pw_gid, name)
    raise ToolError("PostgreSQL does not run as root; run this as an ordinary user")


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)

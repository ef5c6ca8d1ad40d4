"""Locks that the system itself takes back when a process dies, however it dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tools.errors import ToolError


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

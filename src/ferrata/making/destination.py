"""Where a project goes: it appears there complete, or nothing remains."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ferrata.base import Failure, deferred, reason


def checked_destination(given: str) -> Path:
    """Say where the project goes, or why it cannot."""
    if not given.strip() or "\0" in given:
        raise Failure(f"DEST must be the path of a folder, got: {given!r}")
    path = Path(given)
    try:
        dest = path.resolve()
        _refuse_taken(path, dest)
        ancestor = next(parent for parent in dest.parents if parent.exists())
    except (OSError, RuntimeError) as error:
        raise Failure(f"{given} cannot be a folder: {reason(error)}; choose another DEST") from None
    if not ancestor.is_dir() or not os.access(ancestor, os.W_OK | os.X_OK):
        raise Failure(f"{ancestor} is no folder that you may write to; choose another DEST")
    return dest


def _refuse_taken(path: Path, dest: Path) -> None:
    for part in (path, *path.parents):
        if part.is_symlink() and not part.exists():
            raise Failure(f"{part} is a link to nowhere; remove it or choose another DEST")
    if dest.exists() and not dest.is_dir():
        raise Failure(f"{path} is a file; DEST must be a new or empty folder")
    if dest.is_dir() and any(dest.iterdir()):
        raise Failure(
            f"{path} is not empty; DEST must be a new or empty folder, nothing was changed"
        )


@contextmanager
def staged(dest: Path) -> Iterator[Path]:
    """A folder on the file system of `dest` that becomes `dest` if all goes well."""
    # An empty folder that is there may be a mount point, so the work is done inside it.
    existed = dest.is_dir()
    stage = (dest if existed else dest.parent) / f".ferrata.{secrets.token_hex(6)}"
    made = [parent for parent in dest.parents if not parent.exists()]
    folder = stage / dest.name
    try:
        folder.mkdir(parents=True)
        yield folder
        with deferred():
            _publish(folder, dest, existed=existed)
    except BaseException:
        with deferred():
            _remove(stage)
            for parent in made:
                if parent.exists():
                    parent.rmdir()
        raise
    _remove(stage)


def _publish(folder: Path, dest: Path, *, existed: bool) -> None:
    if existed:
        for entry in list(folder.iterdir()):
            entry.rename(dest / entry.name)
    else:
        folder.rename(dest)


def _remove(stage: Path) -> None:
    """Remove a folder, again if a child process that was stopped still wrote into it."""
    for _ in range(5):
        shutil.rmtree(stage, ignore_errors=True)
        if not stage.exists():
            return

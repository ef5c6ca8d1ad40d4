"""Where the database's socket is: a socket's path is short, and this one is part of a URL."""

import hashlib
import os
import re
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from tools.dev.owner import Owner
from tools.errors import ToolError

SOCKET_NAME = ".s.PGSQL.5432"

_LIMIT = 107 if sys.platform == "linux" else 103
_SAFE_IN_URL = re.compile(r"[A-Za-z0-9_./-]+")


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

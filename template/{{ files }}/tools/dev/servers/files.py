"""The store of files: a folder of this project, unless FILES_URL names a bucket."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.dev.servers import Connection
from tools.dev.system import Server


@contextmanager
def run(_server: Server, root: Path) -> Iterator[Connection]:
    """Name the folder; what is in it stays, as the database does."""
    folder = root / ".dev" / "files"
    folder.mkdir(parents=True, exist_ok=True)
    yield Connection(folder.resolve().as_uri(), f"{folder.relative_to(root)} (a folder)")

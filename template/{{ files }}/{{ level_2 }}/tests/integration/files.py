"""The store of files: a folder that is made for the tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.integration.containers import Choice
from tests.integration.servers import RunningServer


def choice() -> Choice:
    """Say that it is a folder."""
    return Choice("folder", "as in development")


@contextmanager
def run(root: Path) -> Iterator[RunningServer]:
    """Have a folder with nothing in it."""
    (root / ".dev").mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="tests-", dir=root / ".dev") as folder:
        files = Path(folder, "files")
        files.mkdir()
        yield RunningServer(files.as_uri(), partial(_away, files))


@contextmanager
def _away(folder: Path) -> Iterator[None]:
    """Have something else where the folder is, as when a disk is not there."""
    aside = folder.parent / "aside"
    folder.rename(aside)
    folder.write_text("a disk that is not there", encoding="utf-8")
    try:
        yield
    finally:
        folder.unlink()
        aside.rename(folder)

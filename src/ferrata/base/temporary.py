"""A place for temporary files."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for temporary files; everything made meanwhile goes there, and nothing stays."""
    before = tempfile.tempdir
    folder = Path(tempfile.mkdtemp(prefix="ferrata."))
    tempfile.tempdir = str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)

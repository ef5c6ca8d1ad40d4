"""Which folder is a project."""

from collections.abc import Sequence
from pathlib import Path

from ferrata.base import Failure
from ferrata.template import ANSWERS_FILE

NEEDED = (ANSWERS_FILE, "tools/check/__main__.py")


def project_folder(given: Path, needed: Sequence[str] = NEEDED) -> Path:
    """The folder of a Ferrata project, or why it is none."""
    for file in needed:
        if not (given / file).is_file():
            raise Failure(
                f"{given} is no Ferrata project: it has no {file}; "
                "give the folder that `ferrata new` made"
            )
    return given.resolve()

"""Taking back what Copier itself wrote into a project."""

import os
from pathlib import Path

from .outcome import Outcome
from .repository import Repository

REJECTED = ".rej"


def take_copier_back(repository: Repository, outcome: Outcome) -> None:
    """Make the files those of the last commit again.

    Copier updates clean projects alone, and `before_update.py` saw to it that nothing unknown to
    git lies where the template may write: what is new at such a place is Copier's.
    """
    for path in outcome.template - outcome.before.keys():
        _remove(repository.project, path)
    for path in outcome.before:
        if f"{path}{REJECTED}" not in outcome.before:
            _remove(repository.project, f"{path}{REJECTED}")
    repository.git("checkout", "--quiet", "HEAD", "--", ".")


def _remove(project: Path, path: str) -> None:
    file = project / path
    if not os.path.lexists(file) or file.is_dir():
        return
    file.unlink()
    folder = file.parent
    while folder != project and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent

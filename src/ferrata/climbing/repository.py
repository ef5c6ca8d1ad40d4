"""Whether a project is in a state to climb from."""

import os
from pathlib import Path
from typing import Any

from ferrata.base import Failure
from ferrata.template import updates

SHOWN = 5


def clean_repository(project: Path, scratch: Path) -> Any:
    """The repository of a project with nothing uncommitted in it, or why there is none."""
    machine = updates().updating()
    repository = machine.Repository(project, scratch)
    try:
        repository.path("--show-toplevel")
    except machine.GitError as error:
        raise Failure(
            f"{project} is in no git repository ({error}); a climb compares with the last commit: "
            "run `git init`, commit everything and try again"
        ) from None
    try:
        _ = repository.head
    except machine.GitError:
        raise Failure(f"{project} has no commit yet; commit everything and try again") from None
    return repository


def refuse_uncommitted(repository: Any) -> None:
    """Stop if something in the project differs from the last commit."""
    changed, machine = uncommitted(repository), updates().updating()
    if changed:
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        raise Failure(
            f"{repository.project} has uncommitted changes: {', '.join(changed[:SHOWN])}{more}; "
            f"{_way_on(machine, repository)} and try again"
        )
    machine.forget_killed(repository)


def _way_on(machine: Any, repository: Any) -> str:
    if not machine.killed(repository):
        return "commit or stash them (`git stash --include-untracked`)"
    # Half an update that is committed would look like a whole one.
    here = " ." if repository.prefix else ""
    return (
        "`copier update` ended half-way: take back what it wrote "
        f"(`{machine.back(repository.prefix)} && git clean -d --force{here}`)"
    )


def uncommitted(repository: Any) -> list[str]:
    """Every path of the project that differs from the last commit; looking changes nothing.

    What is going on elsewhere in a larger repository is another matter.
    """
    status = ("status", "--porcelain", "-z", "--untracked-files=normal", "--no-renames", "--", ".")
    listed = repository.git(*status).split(b"\0")
    return [os.fsdecode(line[3:]) for line in listed if line]

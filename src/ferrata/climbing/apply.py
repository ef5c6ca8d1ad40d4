"""Putting the result of a preview into the project, in one step that can be taken back."""

import os
from collections.abc import Iterable
from pathlib import Path

from ferrata.base import Failure, GitError, deferred, git
from ferrata.climbing.preview import RESULT, STAGES, Preview
from ferrata.climbing.repository import Repository

FETCH = (
    "-c",
    "gc.auto=0",
    "-c",
    "maintenance.auto=false",
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-recurse-submodules",
    "--no-write-fetch-head",
)


def in_the_way(repository: Repository, preview: Preview) -> list[str]:
    """Files that git does not know, where the climb would put its own."""
    return [path for path in preview.added if os.path.lexists(repository.top / path)]


def apply(repository: Repository, preview: Preview) -> None:
    """Make the files and the index as the preview has them; the last commit stays what it is.

    A signal waits until it is done. If the machine refuses, everything is put back.
    """
    refs = [RESULT, *([STAGES] if preview.unmerged else [])]
    try:
        git(*FETCH, "--", str(preview.clone), *refs, at=repository.top)
        with deferred():
            _switch(repository, preview)
    except GitError as error:
        raise Failure(f"git could not write the climb: {error}; everything is as before") from None


def _switch(repository: Repository, preview: Preview) -> None:
    top, trees = repository.top, (repository.head, preview.tree)
    # A copied project has other times in its index than in its files.
    git("status", "--porcelain", at=top)
    # A file that was edited meanwhile stops this one, before anything is written.
    git("read-tree", "--dry-run", "-m", "-u", *trees, at=top)
    try:
        git("read-tree", "-m", "-u", *trees, at=top, own_session=True)
        if preview.unmerged:
            _mark_unmerged(repository, preview.unmerged)
    except GitError:
        _put_back(repository, preview)
        raise


def _mark_unmerged(repository: Repository, unmerged: str) -> None:
    """Let git know of the conflicts, so that they cannot be committed by accident."""
    entries = unmerged.rstrip("\0").split("\0")
    paths = dict.fromkeys(entry.partition("\t")[2] for entry in entries)
    gone = [f"0 {'0' * 40}\t{path}" for path in paths]
    information = "".join(f"{line}\0" for line in [*gone, *entries])
    git(
        "update-index", "-z", "--index-info", at=repository.top, stdin=information, own_session=True
    )


def _put_back(repository: Repository, preview: Preview) -> None:
    git("read-tree", "--reset", repository.head, at=repository.top, own_session=True)
    _checkout(repository, [*preview.changed, *preview.removed])
    for path in preview.added:
        file = repository.top / path
        file.unlink(missing_ok=True)
        _remove_empty(file.parent)


def _remove_empty(folder: Path) -> None:
    while folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _checkout(repository: Repository, paths: Iterable[str]) -> None:
    git(
        "checkout",
        "--quiet",
        "--pathspec-from-file=-",
        "--pathspec-file-nul",
        at=repository.top,
        stdin="\0".join(f":(literal){path}" for path in paths),
        own_session=True,
    )

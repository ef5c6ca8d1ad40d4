"""The index that is to come: it tells git of an update, and is put in place at the very end."""

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from .outcome import Outcome
from .repository import GitError, Repository, joined, run

NAME = "ferrata-update.index"


class NewIndex:
    """A copy of the repository's index, and the lock that keeps other commands from writing that."""

    def __init__(self, repository: Repository) -> None:
        """Find both; neither is made yet."""
        self.repository = repository
        self.file = repository.folder / NAME
        self.lock = repository.index_lock

    @property
    def waits(self) -> bool:
        """Say whether it was made and is not in place yet."""
        return self.file.exists()

    def take_lock(self, marker: Path) -> None:
        """Keep every other git command away; the marker says whose lock it is."""
        marker.touch()
        try:
            os.close(os.open(self.lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            marker.unlink()
            raise GitError(f"another git command is at work here ({self.lock} is there)") from None

    def make(self, outcome: Outcome) -> None:
        """Copy what is staged, and add the outcome."""
        shutil.copy2(self.repository.index, self.file)
        gone = [self._gone(path) for path in outcome.removed]
        there = [
            f"{outcome.after[path].mode} {outcome.after[path].name} 0\t{self._from_top(path)}"
            for path in (*outcome.changed, *outcome.added)
        ]
        self._tell([*gone, *there])

    def lay_out(self, paths: Sequence[str], folder: Path) -> None:
        """Let git write files as it would in the project, line ends and filters too."""
        inside = folder / self.repository.prefix
        inside.mkdir(parents=True)
        prefix = f"--prefix={folder}{os.sep}"
        self._git("checkout-index", "-z", "--stdin", prefix, stdin=joined(paths))
        if missing := [path for path in paths if not os.path.lexists(inside / path)]:
            raise GitError(f"git did not write {missing[0]}")

    def mark_unmerged(self, outcome: Outcome) -> None:
        """Let git know of the conflicts, so that they cannot be committed by accident."""
        for path, stages in outcome.unmerged.items():
            lines = [
                f"{entry.mode} {entry.name} {number}\t{self._from_top(path)}"
                for number, entry in enumerate(stages, 1)
                if entry
            ]
            self._tell([self._gone(path), *lines])

    def add(self, paths: Iterable[str]) -> None:
        """Stage files of the project as they are."""
        for path in paths:
            self._git("update-index", "--add", "--", path)

    def put_in_place(self) -> None:
        """Make it the repository's."""
        refresh = ("update-index", "-q", "--refresh")
        # It ends with 1 when something is unmerged.
        run(*refresh, at=self.repository.project, variables=self._variables)
        self.file.replace(self.repository.index)

    def drop(self, marker: Path) -> None:
        """Leave nothing of it behind, and no lock that is its own."""
        self.file.unlink(missing_ok=True)
        if marker.exists() and self.lock.exists() and not self.lock.stat().st_size:
            self.lock.unlink()
        marker.unlink(missing_ok=True)

    def _gone(self, path: str) -> str:
        return f"0 {'0' * len(self.repository.head)}\t{self._from_top(path)}"

    def _from_top(self, path: str) -> str:
        return f"{self.repository.prefix}{path}"

    def _tell(self, lines: Iterable[str]) -> None:
        self._git("update-index", "-z", "--index-info", stdin=joined(lines))

    def _git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        return self.repository.git(*arguments, stdin=stdin, variables=self._variables)

    @property
    def _variables(self) -> dict[str, str]:
        return {"GIT_INDEX_FILE": str(self.file)}

"""Writing an update as one step: a project is the old one or the new one, also after a kill.

Everything is prepared in a folder of git's own first. Then files only change places: the old ones
move into that folder, the new ones out of it, and the index that tells git of them comes last. As
long as it did not come, every move can be undone, by this run or by the next.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from .index import NewIndex
from .outcome import Outcome
from .reasons import CHANGED_SINCE, COMMITTED, UNREADABLE
from .repository import GitError, Repository
from .trees import above, kind_at

NAME = "ferrata-update"
LOCK, ENV = "uv.lock", ".env"


class Stuck(Exception):  # noqa: N818  (it is expected, and says what its owner has to do)
    """A killed update that cannot be taken back without losing something newer."""


class Journal:
    """The folder of one update."""

    def __init__(self, repository: Repository) -> None:
        """Find the folder; it lies where files can be moved from and to."""
        self.repository = repository
        self.index = NewIndex(repository)

    @cached_property
    def folder(self) -> Path:
        """On the file system of the project, in git's own folder if that is there."""
        inside, project = self.repository.folder, self.repository.project
        same = inside.stat().st_dev == project.stat().st_dev
        return inside / NAME if same else project / f".{NAME}"

    @property
    def new(self) -> Path:
        """Where the new files wait."""
        return self.folder / "new" / self.repository.prefix

    @property
    def old(self) -> Path:
        """Where the old files are kept."""
        return self.folder / "old"

    @property
    def _marker(self) -> Path:
        """There while git's own lock is this update's."""
        return self.folder / "locked"

    @property
    def _facts_file(self) -> Path:
        return self.folder / "facts.json"

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What was to be done, as it was written down before anything was."""
        try:
            return dict(json.loads(self._facts_file.read_text("utf-8")))
        except ValueError:
            raise Stuck(UNREADABLE.format(file=self._facts_file, folder=self.folder)) from None

    def begin(self, outcome: Outcome, last: str) -> None:
        """Prepare everything; the project is not touched."""
        self.folder.mkdir()
        try:
            self._prepare(outcome, last)
        except BaseException:
            self.clear()
            raise

    def _prepare(self, outcome: Outcome, last: str) -> None:
        (self.folder / ".gitignore").write_text("*\n")
        self.index.take_lock(self._marker)
        self.repository.keep_objects()
        written = [*outcome.changed, *outcome.added]
        self.index.make(outcome)
        self.index.lay_out(written, self.folder / "new")
        for path in (*outcome.removed, *outcome.changed):
            (self.old / path).parent.mkdir(parents=True, exist_ok=True)
        self.index.mark_unmerged(outcome)
        facts = {
            "head": self.repository.head,
            "away": [*outcome.removed, *outcome.changed],
            "written": [path for path in written if path != last],
            "last": [path for path in written if path == last],
            "folders": sorted(self._missing_folders(written)),
            "digests": {path: digest(self.new / path) for path in written},
            "locked": self._copied(LOCK),
            "env": None,
        }
        self._write_down(facts)

    def _write_down(self, facts: Mapping[str, Any]) -> None:
        draft = self._facts_file.with_suffix(".draft")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(facts, file)
            file.flush()
            os.fsync(file.fileno())  # before files move, also where the machine fails
        draft.replace(self._facts_file)

    def _copied(self, name: str) -> bool:
        """Keep a copy of a file that is made anew in its place; say whether anything is there."""
        file = self.repository.project / name
        if kind_at(file) == "file":
            shutil.copy2(file, self.folder / name)
        return os.path.lexists(file)

    def _missing_folders(self, paths: Iterable[str]) -> set[str]:
        project = self.repository.project
        around = {folder for path in paths for folder in above(path)}
        return {folder for folder in around if not (project / folder).is_dir()}

    def write(self) -> None:
        """Move the old files away and the new ones to their places, the answers excepted."""
        for path in self.facts["away"]:
            if path not in self.facts["last"]:
                self._away(path)
        for path in self.facts["written"]:
            self._place(path)

    def _away(self, path: str) -> None:
        place = self.repository.project / path
        place.rename(self.old / path)
        if path not in self.facts["digests"]:
            _remove_empty(place.parent, self.repository.project)

    def _place(self, path: str) -> None:
        place = self.repository.project / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(place):
            raise GitError(f"{path} came into being meanwhile")
        (self.new / path).rename(place)

    def complete_env(self, complete: Callable[[Path], str]) -> str:
        """Let somebody complete a copy of .env, and put that in its place; give what they say."""
        env = self.repository.project / ENV
        if not env.is_file():
            return ""
        real = env.resolve()
        if not real.is_relative_to(self.repository.project.resolve()):
            return f"{ENV}: is a link to {real}, which is not changed; add what is new yourself"
        desk = self.folder / "desk"
        desk.mkdir()
        for name in (ENV, f"{ENV}.example"):
            if (self.repository.project / name).is_file():
                shutil.copy2(self.repository.project / name, desk / name)
        told = complete(desk)
        if (desk / ENV).read_bytes() != env.read_bytes():
            self._exchange_env(real, desk / ENV)
        return told

    def _exchange_env(self, real: Path, completed: Path) -> None:
        shutil.copy2(real, self.folder / ENV)
        self.facts["env"] = [str(real), digest(completed)]
        self._write_down(self.facts)
        completed.replace(real)

    def finish(self, made: Sequence[str] = ()) -> None:
        """Put the answers in place and tell git; from then on the project is the new one."""
        for path in self.facts["last"]:
            if path in self.facts["away"]:
                self._away(path)
            self._place(path)
        self.index.add(made)
        self.index.put_in_place()
        # What cannot be cleared away takes nothing back: the next run does that.
        with suppress(OSError):
            self.clear()

    def clear(self) -> None:
        """Leave nothing behind; without its facts, what remains of a journal is only litter."""
        if not self.folder.exists():
            return
        self._facts_file.unlink(missing_ok=True)
        self.index.drop(self._marker)
        shutil.rmtree(self.folder)

    @property
    def begun(self) -> bool:
        """Say whether everything was prepared, so that files may have moved."""
        return self._facts_file.exists()

    @property
    def finished(self) -> bool:
        """Say whether git was told: the index that was prepared is the repository's now."""
        return self.begun and not self.index.waits

    def take_back(self) -> None:
        """Undo every move; doing it twice, or half and again, is the same."""
        if self.begun and not self.finished:
            self._refuse_newer()
            for path in [*self.facts["last"], *reversed(self.facts["written"])]:
                self._unplace(path)
            for folder in sorted(self.facts["folders"], reverse=True):
                _remove_if_empty(self.repository.project / folder)
            for path in self.facts["away"]:
                self._back(path)
            self.lock_back()
            self._env_back()
        self.clear()

    def _refuse_newer(self) -> None:
        """Stop if something was changed since: it may be worth more than what is kept here."""
        if self.facts["head"] != self.repository.head:
            raise Stuck(COMMITTED.format(head=self.facts["head"]))
        for path, told in self.facts["digests"].items():
            place = self.repository.project / path
            # Git may have brought the old file back already.
            fine = {told, digest(self.old / path)}
            if self._placed(path) and os.path.lexists(place) and digest(place) not in fine:
                raise Stuck(CHANGED_SINCE.format(path=path))

    def _placed(self, path: str) -> bool:
        """Say whether a new file left the folder; one that was not to be written never did."""
        return not os.path.lexists(self.new / path) and (
            path not in self.facts["away"] or os.path.lexists(self.old / path)
        )

    def _unplace(self, path: str) -> None:
        place = self.repository.project / path
        if self._placed(path) and os.path.lexists(place):
            (self.new / path).parent.mkdir(parents=True, exist_ok=True)
            place.rename(self.new / path)

    def _back(self, path: str) -> None:
        kept, place = self.old / path, self.repository.project / path
        if os.path.lexists(kept):
            place.parent.mkdir(parents=True, exist_ok=True)
            kept.rename(place)

    def lock_back(self) -> None:
        """Put the old uv.lock back; doing it twice is the same."""
        lock, copy = self.repository.project / LOCK, self.folder / LOCK
        if not self.facts["locked"]:
            lock.unlink(missing_ok=True)
        elif copy.exists():
            shutil.move(copy, lock)

    def _env_back(self) -> None:
        """Put the old .env back, if it is the one that was completed here."""
        if self.facts["env"] is None:
            return
        real, completed = self.facts["env"]
        copy = self.folder / ENV
        if copy.exists() and digest(Path(real)) == completed:
            shutil.move(copy, real)


def digest(place: Path) -> str:
    """What tells a file or a link from every other one."""
    if place.is_symlink():
        return f"link {hashlib.sha256(os.fsencode(place.readlink())).hexdigest()}"
    if not place.is_file():
        return "no file"
    with place.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and _remove_if_empty(folder):
        folder = folder.parent


def _remove_if_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True

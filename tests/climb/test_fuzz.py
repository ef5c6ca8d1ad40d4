"""Climbs of projects in which anything may stand: nothing is lost, nothing is half-done."""

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.climb.conftest import Climb, Fresh
from tests.climb.support import LISTS, copy_of, listed
from tests.climb.test_one_step import Killed, stopped_at
from tests.support import files_of, git

pytestmark = pytest.mark.usefixtures("quick")
EVERY_DAY, ALL = 10, 200
GOALS: list[tuple[int, tuple[str, ...]]] = [
    (2, ()),
    (1, ("rabbitmq",)),
    (2, ("redis",)),
    (2, ("workers", "files")),
]
TEXTS = [
    b"mine\n",
    b"mine\r\n",
    b"caf\xe9\n",
    "日本\n".encode("shift-jis"),
    "wide\n".encode("utf-16"),
    b"\x00\xff binary \x80\n",
    b"no line end",
]
NAMES = [b"notes.md", b"caf\xe9.txt", b" a b ", b"new\nline", "отчёт".encode(), b'q"uote', b"-n"]


@dataclass
class Tree:
    """A project in the hands of its owners, and everything that may come to stand in it."""

    chance: random.Random
    project: Path
    new: list[str]
    level_1: Mapping[str, bytes]
    # What git is told to overlook once all is committed.
    late: list[str]

    def text(self) -> bytes:
        return self.chance.choice(TEXTS)

    def some(self) -> str:
        """A path that the template has, will have, or neither, or a folder around one."""
        name = os.fsdecode(self.chance.choice(NAMES))
        known = self.chance.choice([*self.level_1, *self.new, *self.new])
        parts = known.split("/")
        depth = self.chance.randint(1, len(parts))
        place = "/".join(parts[:depth])
        return self.chance.choice([place, place, f"{os.path.dirname(place) or '.'}/{name}"])  # noqa: PTH120

    def clear(self, place: str) -> Path | None:
        """Make room for something else at a place; nothing above it may be a file."""
        target = self.project / place
        if any(folder.is_symlink() or folder.is_file() for folder in _around(self.project, target)):
            return None
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def protected(self, place: str) -> bool:
        """Without these it is no project any more, or another story."""
        return place.startswith((".copier-answers", ".ferrata", ".env", ".git")) or place == "."

    def step(self) -> None:
        """Do one thing that owners do."""
        steps: list[Callable[[], None]] = [
            self.append,
            self.append,
            self.edit,
            self.write,
            self.remove,
            self.link,
            self.turn,
            self.submodule,
            self.mode,
            self.ignored,
            self.ignored,
            self.overlooked,
        ]
        self.chance.choice(steps)()

    def _known(self) -> Path | None:
        place = self.chance.choice([path for path in self.level_1 if not self.protected(path)])
        file = self.project / place
        inside = not any(folder.is_symlink() for folder in _around(self.project, file))
        return file if inside and file.is_file() and not file.is_symlink() else None

    def append(self) -> None:
        for name in ("AGENTS.md", ".gitignore", self.chance.choice(list(self.level_1))):
            file = self.project / name
            if file.is_file() and not file.is_symlink() and not self.protected(name):
                file.write_bytes(file.read_bytes() + self.text())

    def edit(self) -> None:
        if file := self._known():
            lines = file.read_bytes().splitlines(keepends=True)
            lines.insert(self.chance.randint(0, len(lines)), b"# owner " + self.text())
            file.write_bytes(b"".join(lines))

    def write(self) -> None:
        place = self.some()
        if not self.protected(place) and (target := self.clear(place)):
            target.write_bytes(self.text())

    def remove(self) -> None:
        place = self.some()
        if not self.protected(place):
            self.clear(place)

    def link(self) -> None:
        place = self.some()
        goals = ["nowhere", "README.md", str(self.project.parent / "outside"), "services", "."]
        if not self.protected(place) and (target := self.clear(place)):
            target.symlink_to(self.chance.choice(goals))

    def turn(self) -> None:
        """A file becomes a folder."""
        place = self.some()
        if not self.protected(place) and (target := self.clear(place)):
            target.mkdir()
            (target / "mine.txt").write_bytes(self.text())

    def submodule(self) -> None:
        place = self.some()
        if not self.protected(place) and (target := self.clear(place)):
            target.mkdir()
            git(target, "init", "--quiet")
            git(target, *AUTHOR, "commit", "--quiet", "--allow-empty", "--message", "inner")

    def mode(self) -> None:
        if file := self._known():
            file.chmod(file.stat().st_mode ^ 0o111)

    def ignored(self) -> None:
        place = self.some()
        fits = place.isascii() and "\n" not in place and not place.endswith(" ")
        if fits and not self.protected(place) and (target := self.clear(place)):
            exclude = self.project / ".git/info/exclude"
            pattern = place.removeprefix("./").replace('"', '\\"')
            exclude.write_text(f"{exclude.read_text()}/{pattern}\n")
            target.write_bytes(b"ignored\n")

    def overlooked(self) -> None:
        file = self._known()
        if file and self.chance.random() < 0.3:
            self.late.append(file.relative_to(self.project).as_posix())


AUTHOR = [
    "-c",
    "user.name=Tests",
    "-c",
    "user.email=tests@example.com",
    "-c",
    "advice.addEmbeddedRepo=false",
]


def _around(project: Path, target: Path) -> list[Path]:
    return [folder for folder in target.parents if folder != project and project in folder.parents]


def odd(number: int, project: Path, new: list[str], level_1: Path) -> random.Random:
    """Let owners do a few of these things, and commit."""
    chance = random.Random(number)  # noqa: S311  (the same trees each time)
    outside = project.parent / "outside"
    outside.mkdir()
    (outside / "precious").write_text("precious\n")
    tree = Tree(chance, project, new, files_of(level_1), [])
    for _ in range(chance.randint(1, 5)):
        tree.step()
    git(project, *AUTHOR, "add", "--all")
    git(project, *AUTHOR, "commit", "--quiet", "--allow-empty", "--message", "odd")
    for path in tree.late:
        if (project / path).is_file() and git(project, "ls-files", "--", path):
            git(project, "update-index", "--assume-unchanged", path)
            (project / path).write_bytes((project / path).read_bytes() + b"# overlooked\n")
    return chance


def everything(project: Path) -> dict[str, object]:
    """What a refused climb leaves: every file, link, mode and folder, and what is staged."""
    found: dict[str, object] = {"staged": git(project, "ls-files", "--stage")}
    for folder, inner, names in os.walk(project.parent):
        if ".git" in inner and Path(folder) == project:
            inner.remove(".git")
        if Path(folder) == project.parent:
            inner[:] = [name for name in inner if name in {"demo", "outside"}]
        for name in [*inner, *names]:
            path = Path(folder) / name
            kind: object = "folder"
            if path.is_symlink():
                kind = path.readlink()
            elif path.is_file():
                kind = (path.stat().st_mode, path.read_bytes())
            found[str(path)] = kind
    return found


SEEDS = [
    pytest.param(number, marks=[] if number < EVERY_DAY else pytest.mark.long)
    for number in range(ALL)
]


@pytest.mark.parametrize("number", SEEDS)
def test_a_climb(
    number: int,
    level_1: Path,
    fresh: Fresh,
    tmp_path: Path,
    climb: Climb,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    level, modules = GOALS[number % len(GOALS)]
    goal = fresh(level, *modules)
    new = sorted((listed(goal, LISTS[1]) | listed(goal, LISTS[0])) - files_of(level_1).keys())
    project = copy_of(level_1, tmp_path / "demo")
    chance = odd(number, project, new, level_1)
    arguments = ["--to", level, *(word for name in modules for word in ("--add", name))]
    before = everything(project)

    if chance.random() < 0.3:
        with stopped_at(chance.randint(1, 40), Killed(), monkeypatch, project):
            climb(project, *arguments)
        run = climb(project, *arguments, "--dry-run")
        assert run.code in {0, 1}, run.err
        _same(everything(project), before)

    run = climb(project, *arguments)

    assert run.code in {0, 1}, run.err
    assert "Traceback" not in run.err
    if run.code == 1:
        assert run.err.startswith("ferrata: "), run.err
        _same(everything(project), before)
    else:
        _nothing_is_lost(before, everything(project), project, level_1)
        _template_is_fresh(before, project, level_1, goal)
        assert git(project, "diff", "--name-only") == ""


def _same(after: Mapping[str, object], before: Mapping[str, object]) -> None:
    one, other = before, after
    changed = [key for key in one.keys() | other.keys() if one.get(key) != other.get(key)]
    assert changed == []


def _nothing_is_lost(
    before: Mapping[str, object], after: Mapping[str, object], project: Path, level_1: Path
) -> None:
    """All that is not the template's is as it was, and edits of the template's are in it."""
    theirs = listed(project, LISTS[1])
    for place, kind in before.items():
        path = os.path.relpath(place, project)
        if place == "staged" or path in {".env", "uv.lock"}:
            continue
        if path not in theirs and kind != "folder":
            assert after.get(place) == kind, path
        elif after.get(place) == kind:
            continue
        elif path in theirs and isinstance(kind, tuple) and (level_1 / path).is_file():
            assert isinstance(after[place], tuple), path
            original = Counter((level_1 / path).read_bytes().split(b"\n"))
            lines = Counter(after[place][1].split(b"\n"))  # type: ignore[index]
            # As git keeps it: the project's own attributes say which line ends those are.
            edited = git(project, "show", f"HEAD:{path}").encode(errors="surrogateescape")
            for line in Counter(edited.split(b"\n")) - original:
                assert lines[line], (path, line)


def _template_is_fresh(
    before: Mapping[str, object], project: Path, level_1: Path, goal: Path
) -> None:
    """What nobody edited is what a fresh project has."""
    for path in listed(goal, LISTS[1]):
        was = before.get(str(project / path))
        file = level_1 / path
        untouched = was is None or (
            isinstance(was, tuple)
            and file.is_file()
            and was == (file.stat().st_mode, file.read_bytes())
        )
        if untouched:
            assert (project / path).read_bytes() == (goal / path).read_bytes(), path

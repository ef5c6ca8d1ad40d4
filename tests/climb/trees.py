"""Projects in which anything may stand: paths of every kind, bytes, modes, links, repositories."""

import os
import random
import shutil
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import files_of, git

AUTHOR = [
    "-c",
    "user.name=Tests",
    "-c",
    "user.email=tests@example.com",
    "-c",
    "advice.addEmbeddedRepo=false",
]
TEXTS = [
    b"mine\n",
    b"mine\r\n",
    b"",
    b"caf\xe9\n",
    "日本\n".encode("shift-jis"),
    "wide\n".encode("utf-16"),
    b"\xef\xbb\xbfmarked\n",
    b"\x00\xff binary \x80\n",
    b"no line end",
]
NAMES = [
    b"notes.md", b"caf\xe9.txt", b" a b ", b"new\nline", "отчёт".encode(), b'q"uote', b"-n",
    b"back\\slash", b"notes.md.rej", b"[a-z]*?", b"#!:.py",
]  # fmt: skip
# What owners write about the files of a kind; the last one alone changes what git keeps.
BOXED = b"*.md filter=boxed\n"
ATTRIBUTES = [b"*.md eol=crlf\n", b"*.py ident\n", b"*.toml -text\n", b"* export-subst\n", BOXED]
FOLDER = "folder"


@dataclass
class Tree:
    """A project in the hands of its owners, and everything that may come to stand in it."""

    chance: random.Random
    project: Path
    new: list[str]
    level_1: Mapping[str, bytes]
    # Whether a larger repository is around the project.
    inside: bool
    # What git is told to overlook once all is committed, and how.
    late: list[tuple[str, str]] = field(default_factory=list)

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
        if any(os.path.lexists(one) and kind_of(one) != FOLDER for one in self._around(target)):
            return None
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def room(self) -> Path | None:
        """A place to put something of another kind; some are no places for another story."""
        place = self.some()
        kept = (".copier-answers", ".ferrata", ".env", ".git")
        return None if place == "." or place.startswith(kept) else self.clear(place)

    def step(self) -> None:
        """Do one thing that owners do."""
        steps: list[Callable[[], None]] = [
            self.append,
            self.append,
            self.edit,
            self.write,
            self.remove,
            self.move,
            self.link,
            self.turn,
            self.submodule,
            self.mode,
            self.pipe,
            self.attributes,
            self.ignored,
            self.ignored,
            self.ignored_repository,
            self.overlooked,
        ]
        self.chance.choice(steps)()

    def _around(self, target: Path) -> list[Path]:
        return [folder for folder in target.parents if self.project in folder.parents]

    def _known(self) -> Path | None:
        kept = (".copier-answers", ".ferrata", ".env", ".git")
        place = self.chance.choice([path for path in self.level_1 if not path.startswith(kept)])
        file = self.project / place
        inside = not any(folder.is_symlink() for folder in self._around(file))
        return file if inside and file.is_file() and not file.is_symlink() else None

    def append(self) -> None:
        for file in (self.project / "AGENTS.md", self.project / ".gitignore", self._known()):
            if file and file.is_file() and not file.is_symlink():
                file.write_bytes(file.read_bytes() + self.text())

    def edit(self) -> None:
        if file := self._known():
            lines = file.read_bytes().splitlines(keepends=True)
            lines.insert(self.chance.randint(0, len(lines)), b"# owner " + self.text())
            file.write_bytes(b"".join(lines))

    def write(self) -> None:
        if target := self.room():
            target.write_bytes(self.text())

    def remove(self) -> None:
        self.room()

    def move(self) -> None:
        """A file of the template's, or a seed, gets another name."""
        if (target := self.room()) and (file := self._known()):
            file.rename(target)

    def link(self) -> None:
        goals = ["nowhere", "README.md", str(self.project.parent / "outside"), "services", "."]
        if target := self.room():
            target.symlink_to(self.chance.choice(goals))

    def turn(self) -> None:
        """A file becomes a folder."""
        if target := self.room():
            target.mkdir()
            (target / "mine.txt").write_bytes(self.text())

    def submodule(self) -> None:
        if target := self.room():
            _repository(target)

    def mode(self) -> None:
        if file := self._known():
            file.chmod(file.stat().st_mode ^ 0o111)

    def pipe(self) -> None:
        """What git has no word for."""
        if target := self.room():
            os.mkfifo(target)
            place = target.relative_to(self.project).as_posix()
            git(
                self.project,
                "rm",
                "-rq",
                "--cached",
                "--ignore-unmatch",
                "--",
                f":(literal){place}",
            )

    def attributes(self) -> None:
        file, said = self.project / ".gitattributes", self.chance.choice(ATTRIBUTES)
        file.write_bytes(file.read_bytes() + said)
        if said == BOXED:
            # Line ends that other attributes make of what git keeps are garbage to it.
            git(self.project, "config", "filter.boxed.clean", "base64")
            git(self.project, "config", "filter.boxed.smudge", "base64 -di")

    def ignored(self) -> None:
        if (target := self.room()) and self._ignore(target):
            target.write_bytes(b"ignored\n")

    def ignored_repository(self) -> None:
        if (target := self.room()) and self._ignore(target):
            _repository(target)
            (target / "mine.txt").write_bytes(self.text())

    def _ignore(self, target: Path) -> bool:
        """Let git ignore a place, if that can be written as a pattern."""
        place = target.relative_to(self.project.parent if self.inside else self.project).as_posix()
        if not place.isascii() or "\n" in place or place.endswith(" "):
            return False
        top = self.project.parent if self.inside else self.project
        pattern = "".join(f"\\{sign}" if sign in '\\[]*?"#!' else sign for sign in place)
        with (top / ".git/info/exclude").open("a") as exclude:
            exclude.write(f"/{pattern}\n")
        return True

    def overlooked(self) -> None:
        if (file := self._known()) and self.chance.random() < 0.3:
            way = self.chance.choice(["--assume-unchanged", "--skip-worktree"])
            self.late.append((file.relative_to(self.project).as_posix(), way))

    def commit(self) -> None:
        top = self.project.parent if self.inside else self.project
        git(top, *AUTHOR, "add", "--all")
        if is_boxed(self.project):
            git(top, *AUTHOR, "add", "--renormalize", ".")
        git(top, *AUTHOR, "commit", "--quiet", "--allow-empty", "--message", "odd")
        for path, way in self.late:
            file = self.project / path
            if _is_file(file) and git(self.project, "ls-files", "--", path):
                git(self.project, "update-index", way, path)
                file.write_bytes(file.read_bytes() + b"# overlooked\n")


def is_boxed(project: Path) -> bool:
    """Say whether git keeps pages in another form than the one that people read."""
    return BOXED in (project / ".gitattributes").read_bytes()


def _is_file(place: Path) -> bool:
    return not place.is_symlink() and place.is_file()


def _repository(folder: Path) -> None:
    folder.mkdir()
    git(folder, "init", "--quiet")
    git(folder, *AUTHOR, "commit", "--quiet", "--allow-empty", "--message", "inner")


def odd(number: int, project: Path, new: list[str], level_1: Path) -> random.Random:
    """Let owners do a few of these things, and commit."""
    chance = random.Random(number)  # noqa: S311  (the same trees each time)
    outside = project.parent / "outside"
    outside.mkdir()
    (outside / "precious").write_text("precious\n")
    inside = chance.random() < 0.15
    if inside:
        (project / ".git").rename(project.parent / ".git")
    tree = Tree(chance, project, new, files_of(level_1), inside)
    for _ in range(chance.randint(1, 5)):
        tree.step()
    tree.commit()
    return chance


def everything(project: Path) -> dict[str, object]:
    """All that stands in a project and beside it, and what is staged."""
    found: dict[str, object] = {"staged": git(project, "ls-files", "--stage")}
    for folder, inner, names in os.walk(project.parent):
        if Path(folder) in {project, project.parent} and ".git" in inner:
            inner.remove(".git")
        for name in [*inner, *names]:
            path = Path(folder) / name
            found[str(path)] = kind_of(path)
    return found


def kind_of(path: Path) -> object:
    """What stands at a place, with all that is in it."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return path.readlink()
    if stat.S_ISDIR(mode):
        return FOLDER
    return (mode, path.read_bytes()) if stat.S_ISREG(mode) else "no file"


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """What is not as it was."""
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))

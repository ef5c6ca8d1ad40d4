"""What an update leaves to do once Copier has merged: ownership, conflicts, packages, gates.

`copier update --trust` runs this file inside the project, last; `ferrata climb` calls its functions.
Copier alone re-creates seeds that their owner deleted or renamed, leaves out files of the template
that were deleted, loses edits in files that the template drops, and ends with 0 on conflicts.

It runs in Copier's environment and needs nothing else. FERRATA_GATES=off leaves the gates out.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

TEMPLATE = Path(__file__).resolve().parent.parent
ANSWERS_FILE = ".copier-answers.yml"
SEEDS_FILE, TEMPLATE_FILE = ".ferrata/seeds.txt", ".ferrata/template.txt"
FINGERPRINT_FILE = ".ferrata/answers.sha256"

# Set by `ferrata climb`, which takes the steps itself; set by people who want no gates.
STEPS, GATES, OFF = "FERRATA_STEPS", "FERRATA_GATES", "off"
GREEN, FAILURE = 0, 1
FIRST_MARKER, LAST_MARKER = b"<<<<<<< before updating", b">>>>>>> after updating"

SAME_LINES = "you and the template changed the same lines"
SAME_PATH = "you made a file where the template now puts its own"
DROPPED = "you edited it, and the template has it no longer; it was kept"
BY_HAND = f"{ANSWERS_FILE} was edited by hand since the last update, which does nothing"


@dataclass(frozen=True)
class Conflict:
    """A file that could not be merged, and why."""

    path: str
    reason: str

    def __str__(self) -> str:
        """Give it as one line."""
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True)
class Settled:
    """What was put right after Copier's merge."""

    restored: tuple[str, ...]
    left_out: tuple[str, ...]
    conflicts: tuple[Conflict, ...]


class Project:
    """A project in the middle of an update: the last commit is before it, the files are after."""

    def __init__(self, folder: Path) -> None:
        """Look at a folder inside a git repository."""
        self.folder = folder

    def git(self, *arguments: str) -> bytes:
        """Run git in the project and give what it prints; nothing if it fails."""
        # A hook of git's may have set these for another repository.
        environment = {
            k: v for k, v in os.environ.items() if k not in {"GIT_DIR", "GIT_INDEX_FILE"}
        }
        command = ["git", *arguments]
        done = subprocess.run(  # noqa: S603  (the arguments are ours, paths come after `--`)
            command, cwd=self.folder, env=environment, capture_output=True, check=False
        )
        return b"" if done.returncode else done.stdout

    def paths(self, *arguments: str) -> list[str]:
        """The paths that git lists."""
        listed = self.git(*arguments).decode("utf-8", "surrogateescape").split("\0")
        return [path for path in listed if path]

    def before(self, path: str) -> bytes:
        """A file as it was in the last commit."""
        return self.git("show", f"HEAD:./{path}")

    @cached_property
    def committed(self) -> frozenset[str]:
        """Every path of the last commit."""
        return frozenset(self.paths("ls-tree", "-r", "-z", "--name-only", "HEAD"))

    @cached_property
    def seeds_before(self) -> frozenset[str]:
        """What was seeded; a project without the list had what git ever saw of it."""
        listed = _listed(self.before(SEEDS_FILE))
        if SEEDS_FILE in self.committed:
            return listed
        return frozenset(self.paths("log", "--pretty=", "--name-only", "--relative", "-z", "HEAD"))

    @cached_property
    def template_before(self) -> frozenset[str]:
        """What was the template's."""
        return _listed(self.before(TEMPLATE_FILE))

    @cached_property
    def seeds(self) -> frozenset[str]:
        """What the new version seeds."""
        return _listed(_read(self.folder / SEEDS_FILE))

    @cached_property
    def template(self) -> frozenset[str]:
        """What is the template's in the new version."""
        return _listed(_read(self.folder / TEMPLATE_FILE))

    def gone(self) -> list[str]:
        """What the last commit had and the update removed."""
        return sorted(path for path in self.committed if not os.path.lexists(self.folder / path))

    def changed(self) -> list[str]:
        """What differs from the last commit, new files included."""
        differing = self.paths("diff", "--name-only", "--relative", "-z", "HEAD", "--", ".")
        return sorted({*differing, *self.paths("ls-files", "--others", "--exclude-standard", "-z")})


def _listed(text: bytes) -> frozenset[str]:
    """The paths of a list; comments and what a merge left between them are none."""
    lines = text.decode().splitlines()
    return frozenset(line for line in lines if line and not re.match(r"#|[<=>]{7}", line))


def _read(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""


class Versions:
    """The template's files as they were and as they are now, written when somebody asks."""

    def __init__(self, project: Project, source: Path, folder: Path) -> None:
        """`source` is a clone of the template with both versions."""
        self._project, self._source, self._folder = project, source, folder

    @cached_property
    def old(self) -> Path:
        """What the last update wrote."""
        return self._rendered("old", self._project.before(ANSWERS_FILE))

    @cached_property
    def new(self) -> Path:
        """What this update writes."""
        return self._rendered("new", _read(self._project.folder / ANSWERS_FILE))

    def _rendered(self, name: str, answers: bytes) -> Path:
        recorded = yaml.safe_load(answers)
        render(self._source, str(recorded["_commit"]), recorded, self._folder / name)
        return self._folder / name


def settle(folder: Path, source: Path = TEMPLATE) -> Settled:
    """Give everybody what is theirs; `source` is a clone of the template with both versions."""
    project = Project(folder)
    with tempfile.TemporaryDirectory() as temporary:
        versions = Versions(project, source, Path(temporary))
        # The lists come first: the rest goes by them.
        lists = [*_restore(project, versions, (SEEDS_FILE, TEMPLATE_FILE))]
        left_out = tuple(_leave_out(project))
        dropped = _keep(project, versions)
        restored = (*lists, *_restore(project, versions, project.template))
    return Settled(restored, left_out, (*_merge_conflicts(project), *dropped))


def _leave_out(project: Project) -> Iterator[str]:
    """Remove seeds that the update created again: their owner deleted or renamed them."""
    for path in sorted(project.seeds & project.seeds_before - project.committed):
        file = project.folder / path
        if os.path.lexists(file):
            file.unlink()
            _remove_empty(file.parent, project.folder)
            yield path


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _keep(project: Project, versions: Versions) -> list[Conflict]:
    """Bring back what the update removed although it was its owner's, or edited."""
    gone = project.gone()
    yours = [path for path in gone if path in project.seeds_before]
    dropped = [path for path in gone if path not in {*yours, *project.template}]
    edited = [path for path in dropped if _read(versions.old / path) != project.before(path)]
    for path in (*yours, *edited):
        project.git("checkout", "--quiet", "HEAD", "--", f":(literal){path}")
    return [Conflict(path, DROPPED) for path in edited]


def _restore(project: Project, versions: Versions, paths: Iterable[str]) -> Iterator[str]:
    """Write files of the template that are missing: a deleted gate must not stay gone unnoticed."""
    for path in sorted(paths):
        target = project.folder / path
        if not os.path.lexists(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(versions.new / path, target)
            yield path


def render(source: Path, commit: str, recorded: Mapping[str, Any], target: Path) -> None:
    """Write the files of one version of the template for recorded answers."""
    from copier import run_copy  # noqa: PLC0415  (slow to import, rarely needed)

    run_copy(
        str(source),
        target,
        data={key: value for key, value in recorded.items() if not key.startswith("_")},
        vcs_ref=commit,
        defaults=True,
        quiet=True,
        unsafe=True,
        skip_tasks=True,
    )


def _merge_conflicts(project: Project) -> Iterator[Conflict]:
    """What Copier could not merge: it records it in the index, and leaves markers or rejects."""
    unmerged = {line.partition("\t")[2] for line in project.paths("ls-files", "--unmerged", "-z")}
    rejects = project.paths("ls-files", "--others", "-z", "--", "*.rej")
    rejected = project.committed & {path.removesuffix(".rej") for path in rejects}
    marked = {path for path in project.changed() if _first_marker(project.folder / path)}
    for path in sorted(unmerged | rejected | marked):
        yield Conflict(path, _reason(project, path))
    if _edited_by_hand(project):
        yield Conflict(ANSWERS_FILE, BY_HAND)


def _edited_by_hand(project: Project) -> bool:
    """Compare the answers before the update with their fingerprint."""
    written = project.before(FINGERPRINT_FILE).decode().strip()
    if not written:
        return False
    recorded = yaml.safe_load(project.before(ANSWERS_FILE))
    rules = _module(TEMPLATE / "extensions" / "answers.py")
    return bool(written != rules.fingerprint(recorded))


def _reason(project: Project, path: str) -> str:
    known = path in project.template_before or not project.template_before
    reason = SAME_LINES if known else SAME_PATH
    line = _first_marker(project.folder / path)
    return f"{reason} (line {line})" if line else reason


def _first_marker(file: Path) -> int:
    """The line of the first conflict, or 0."""
    if file.is_symlink() or not file.is_file():
        return 0
    lines = [line.rstrip() for line in file.read_bytes().splitlines()]
    return lines.index(FIRST_MARKER) + 1 if {FIRST_MARKER, LAST_MARKER} <= set(lines) else 0


def steps() -> ModuleType:
    """The steps that a new project takes too."""
    return _module(Path(__file__).with_name("after_copy.py"))


def _module(file: Path) -> ModuleType:
    """A module of this very version of the template, whichever else is loaded."""
    name = f"{__name__}_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python module")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pin(folder: Path) -> str:
    """Bring uv.lock in line with the pyproject files; give the reason if that could not be done."""
    changed = Project(folder).changed()
    if not any(Path(path).name == "pyproject.toml" for path in changed):
        return ""
    taken = steps()
    try:
        taken.lock(folder)
    except taken.NotRun as reason:
        return f"uv.lock: NOT RUN: {reason}"
    return ""


def complete_env(folder: Path) -> str:
    """Add new names to .env, where there is one; give the reason if that could not be done."""
    if not (folder / ".env").exists():
        return ""
    taken = steps()
    try:
        taken.write_env(folder)
    except taken.NotRun as reason:
        return f".env: NOT RUN: {reason}"
    return ""


def main() -> int:
    """Take every step and say how it went; a conflict is a failure, as loud as can be."""
    if os.environ.get(STEPS) == OFF:
        return GREEN
    folder = Path.cwd()
    settled = settle(folder)
    for path in settled.restored:
        _say(f"{path}: restored; it is the template's and was deleted")
    if settled.conflicts:
        _say(f"CONFLICTS in {len(settled.conflicts)} file(s); the update is not finished:")
        for conflict in settled.conflicts:
            _say(f"  {conflict}")
        _say("Mend them and commit, or go back: git reset --hard && git clean -d --force")
        return FAILURE
    for told in filter(None, (pin(folder), complete_env(folder))):
        _say(told)
    return GREEN if os.environ.get(GATES) == OFF else _gates(folder)


def _gates(folder: Path) -> int:
    taken = steps()
    try:
        taken.sync(folder)
        code: int = taken.check(folder)
    except taken.NotRun as reason:
        _say(f"gates: NOT RUN: {reason}")
        return FAILURE
    if code != GREEN:
        _say("GATES ARE RED. Look at the lines above, mend them and run `make check`.")
    return code


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())

"""Defects as data: a mistake, and the gate that has to find it.

Those of defects/ are for one place of the task manager, those of defects/folders/ for each folder
of whatever project.
"""

import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from tests.programs import lacking
from tests.support import LEVELS, MODULES, answers_of, extension

FOLDER = Path(__file__).parent / "defects"
# Whichever gate judges the coverage: it is another one where more gates run tests.
COVERAGE = "coverage"
# The gates that read code, wherever it is.
CODE_GATES = {"lint", "format", "types", "security", "tests", "chassis"}
# The projects that have all there is.
FULLEST = [f"task_manager@{level}+{'+'.join(MODULES)}" for level in LEVELS]


@dataclass(frozen=True, kw_only=True)
class Defect:
    """A text put into (or appended to, or alone in) a file of a project.

    `named` is what the gate's log has to say, so that a reader finds the place, and says only
    then. `level` and `module` tell which projects can have the defect, `contract` which import
    contract it breaks, `server` the program without which the gate's tests leave it out. One
    that is `alone` hides others of the same gate; those of a `group` hide others than each other.
    """

    name: str
    what: str
    gate: str
    file: str
    new: str
    named: str
    old: str = ""
    repeat: str = ""
    times: int = 0
    level: int = 1
    module: str | None = None
    contract: str | None = None
    server: str | None = None
    alone: bool = False
    group: str = ""

    @property
    def missing(self) -> str:
        """What this machine lacks of its program; nothing where the defect can be found."""
        return lacking(self.server) if self.server else ""

    @contextmanager
    def injected(self, project: Path) -> Iterator[None]:
        """Put the defect in, and take it out again."""
        path = project / self.file
        before = path.read_text("utf-8") if path.exists() else None
        text = before or ""
        assert self.old in text, f"{self.name}: {self.file} has no {self.old!r}"
        new = self.new + f"{self.repeat}\n" * self.times
        made = [folder for folder in path.parents if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(self.old, new, 1) if self.old else text + new, "utf-8")
        try:
            yield
        finally:
            if before is None:
                path.unlink()
            else:
                path.write_text(before, "utf-8")
            if made:
                shutil.rmtree(made[-1])

    def named_at(self, level: int) -> list[str]:
        """What the gate says in a project of a level."""
        broken = [f"{self.contract} BROKEN"] if self.contract else []
        return [self.named.format(coverage=level_row(level)["coverage"]), *broken]


@dataclass(frozen=True, kw_only=True)
class FolderDefect:
    """A file put into every folder of a project that has Python files: the gate names each.

    With `folders` it is put there, for every `{part}` of the project. `without` tells which
    folders the gate leaves out by design, and why.
    """

    name: str
    what: str
    gate: str
    file: str
    new: str
    named: str
    folders: str = ""
    without: Mapping[str, str] = field(default_factory=dict)

    def defects(self, project: Path) -> list[Defect]:
        """Make the defect of each folder."""
        folders = self._folders(project) if self.folders else python_folders(project)
        return [self._defect(f"{folder}/{self.file}") for folder in folders]

    def expected(self, defect: Defect) -> bool:
        """Tell whether the gate has to find the defect of a folder."""
        return not any(fnmatchcase(defect.file, pattern) for pattern in self.without)

    def _folders(self, project: Path) -> list[str]:
        return [self.folders.format(part=part) for part in parts(project)]

    def _defect(self, path: str) -> Defect:
        named = self.named.format(path=path)
        what = f"{self.what} ({path})"
        return Defect(
            name=self.name, what=what, gate=self.gate, file=path, new=self.new, named=named
        )


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The defects that the last one of these gates has to find in a project, in one run."""

    name: str
    project: str
    gates: Sequence[str]
    defects: Sequence[Defect]
    folders: Sequence[FolderDefect] = ()

    @property
    def missing(self) -> list[str]:
        """What this machine lacks of the programs that it needs."""
        return [said for d in self.defects if (said := d.missing)]


def batches(
    project: str, defects: Sequence[Defect], folders: Sequence[FolderDefect]
) -> list[Batch]:
    """Put together what one run of a gate can find in a project (a name of tests.support)."""
    level, modules = answers_of(project)["level"], modules_of(project)
    here = [d for d in defects if d.level <= level and d.module in {None, *modules}]
    alone = [d for d in here if d.alone or d.missing]
    found = []
    names = [row["name"] for row in gates_of(level, *modules)]
    for gate, group in product(names, sorted({"", *(d.group for d in here)})):
        together = [d for d in here if (d.gate, d.group) == (gate, group) and d not in alone]
        everywhere = [f for f in folders if f.gate == gate and not group]
        if together or everywhere:
            name = "-".join(filter(None, (project, gate, group)))
            found.append(
                Batch(
                    name=name,
                    project=project,
                    gates=[gate],
                    defects=together,
                    folders=everywhere,
                )
            )
    return found + [
        Batch(
            name=f"{project}-{defect.gate}-{defect.name}",
            project=project,
            gates=[defect.gate],
            defects=[defect],
        )
        for defect in alone
    ]


def modules_of(project: str) -> list[str]:
    """The modules of a project, with what they bring."""
    answers = answers_of(project)
    return list(extension().closure(answers["level"], answers["modules"]))


def gates_of(level: int, *modules: str) -> list[dict[str, Any]]:
    """The gates that the catalog wants of a project, in their order."""
    chosen = extension().closure(level, list(modules))
    return [
        gate
        for gate in extension().catalog()["gates"]
        if gate.get("level", 1) <= level and gate.get("module") in {None, *chosen}
    ]


def level_row(level: int) -> dict[str, Any]:
    """A level's row of the catalog."""
    rows = extension().catalog()["levels"]
    return next(row for row in rows if row["level"] == level)


def contracts(pyproject: str) -> set[str]:
    """The names of the import contracts in a pyproject.toml."""
    rows = tomllib.loads(pyproject)["tool"]["importlinter"]["contracts"]
    return {row["name"] for row in rows}


def parts(project: Path) -> list[str]:
    """The parts of a project: the members of its workspace, and what else has Python files."""
    workspace = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["tool"]["uv"]
    members = [
        path.relative_to(project).as_posix()
        for pattern in workspace["workspace"]["members"]
        for path in sorted(project.glob(pattern))
    ]
    others = {folder.partition("/")[0] for folder in python_folders(project)}
    return sorted({*members, *others - {member.partition("/")[0] for member in members}})


def python_folders(project: Path) -> list[str]:
    """Every folder of a project with Python files."""
    shown = [path for path in project.iterdir() if not path.name.startswith(".")]
    files = [file for folder in shown for file in folder.rglob("*.py")]
    return sorted({file.parent.relative_to(project).as_posix() for file in files})


def read(folder: Path) -> list[dict[str, Any]]:
    """The texts of a folder, each with its name."""
    files = sorted(folder.glob("*.yml"))
    return [{"name": file.stem} | yaml.safe_load(file.read_text("utf-8")) for file in files]


DEFECTS = [Defect(**row) for row in read(FOLDER)]
FOLDER_DEFECTS = [FolderDefect(**row) for row in read(FOLDER / "folders")]

"""Defects as data, one file each in defects/: a mistake, and the gate that has to find it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support import extension

FOLDER = Path(__file__).parent / "defects"
# The gate that judges the coverage: it is another one where more gates run tests.
COVERAGE = "coverage"


@dataclass(frozen=True, kw_only=True)
class Defect:
    """A text put into (or appended to, or alone in) a file of the task manager.

    `named` is what the gate's log has to say, so that a reader finds the place. `level` and
    `module` tell which projects can have the defect.
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

    @contextmanager
    def injected(self, project: Path) -> Iterator[None]:
        """Put the defect in, and take it out again."""
        path = project / self.file
        before = path.read_text("utf-8") if path.exists() else None
        text = before or ""
        assert self.old in text, f"{self.name}: {self.file} has no {self.old!r}"
        new = self.new + f"{self.repeat}\n" * self.times
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(self.old, new, 1) if self.old else text + new, "utf-8")
        try:
            yield
        finally:
            if before is None:
                path.unlink()
            else:
                path.write_text(before, "utf-8")

    def gate_at(self, level: int) -> str:
        """The name of the gate that finds it in a project of a level."""
        if self.gate != COVERAGE:
            return self.gate
        judging = [gate["name"] for gate in gates_of(level, self.module) if "measures" in gate]
        return str(judging[-1])

    def named_at(self, level: int) -> str:
        """What the gate says in a project of a level."""
        return self.named.format(coverage=level_row(level)["coverage"])

    def projects(self, levels: list[int]) -> list[str]:
        """The names of the projects that can have it, as `tests.support.answers_of` knows them."""
        modules = "".join(f"+{name}" for name in self.modules)
        return [f"task_manager@{level}{modules}" for level in levels if level >= self.level]

    @property
    def modules(self) -> list[str]:
        """The module that it belongs to, with what that brings."""
        return list(extension().closure(1, [self.module])) if self.module else []


def gates_of(level: int, module: str | None = None) -> list[dict[str, Any]]:
    """The gates that the catalog wants of a project, in their order."""
    modules = extension().closure(level, [module] if module else [])
    return [
        gate
        for gate in extension().catalog()["gates"]
        if gate.get("level", 1) <= level and gate.get("module") in {None, *modules}
    ]


def level_row(level: int) -> dict[str, Any]:
    """A level's row of the catalog."""
    rows = extension().catalog()["levels"]
    return next(row for row in rows if row["level"] == level)


def load(folder: Path = FOLDER) -> list[Defect]:
    """Every defect of a folder."""
    files = sorted(folder.glob("*.yml"))
    return [Defect(name=file.stem, **yaml.safe_load(file.read_text("utf-8"))) for file in files]


DEFECTS = load()

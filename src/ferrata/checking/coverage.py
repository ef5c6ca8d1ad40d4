"""Which files keep a project below the coverage that its level asks for."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPORTS = Path("artifacts/reports")
SHOWN = 10

# The report is the one that the project's own gates just wrote: flat, one element a line.
SOURCE = re.compile(r"<source>(.*?)</source>")
FILE = re.compile(r'<class [^>]*filename="([^"]+)"[^>]*>(.*?)</class>', re.DOTALL)
LINE = re.compile(r'<line number="\d+" hits="(\d+)"([^>]*)/>')
BRANCHES = re.compile(r"\((\d+)/(\d+)\)")


@dataclass(frozen=True)
class Lack:
    """A file below the threshold."""

    path: str
    covered: int
    total: int

    @property
    def percent(self) -> float:
        """How much of it is covered."""
        return 100 * self.covered / self.total

    def __str__(self) -> str:
        """Give it as one line."""
        missing = self.total - self.covered
        return f"{self.path}: {self.percent:.0f} % ({missing} of {self.total} not covered)"


def lacks(project: Path) -> list[str]:
    """Say what is missing, file by file; nothing if coverage is not the reason."""
    try:
        gates = json.loads((project / REPORTS / "gates.json").read_text("utf-8"))
        coverage = gates["coverage"]
        total, threshold = float(coverage["total"]), float(coverage["threshold"])
        text = (project / REPORTS / "coverage.xml").read_text("utf-8")
    except (OSError, ValueError, KeyError, TypeError):
        return []
    if total >= threshold:
        return []
    below = [file for file in _files(project, text) if file.percent < threshold]
    below.sort(key=lambda file: (file.covered - file.total, file.path))
    more = [f"  and {len(below) - SHOWN} more"] if len(below) > SHOWN else []
    head = f"Coverage is {total:g} %, this level asks for {threshold:g} %. What lacks most:"
    return [head, *(f"  {file}" for file in below[:SHOWN]), *more]


def _files(project: Path, text: str) -> Iterator[Lack]:
    sources = [Path(source) for source in SOURCE.findall(text)]
    for name, body in FILE.findall(text):
        covered = total = 0
        for hits, rest in LINE.findall(body):
            branches = BRANCHES.search(rest)
            taken, there = map(int, branches.groups()) if branches else (0, 0)
            covered += (int(hits) > 0) + taken
            total += 1 + there
        if total:
            yield Lack(_path(project, sources, name), covered, total)


def _path(project: Path, sources: list[Path], name: str) -> str:
    """The path from the project's top; the report has it from one of several folders."""
    for source in sources:
        file = source / name
        if file.is_file() and file.is_relative_to(project):
            return file.relative_to(project).as_posix()
    return name

"""The catalog of deliverables: what is there, how large, and its SHA-256."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.check.document import REPORTS
from tools.handoff.tree import Tree
from tools.markdown import span, table, text

FILE = Path("artifacts/deliverables.md")
_GROUPS = {
    "services": "Services",
    "shared": "Shared",
    "chassis": "Chassis",
    "modules": "Modules",
    "deploy": "Deployment",
    "tools": "Tools",
    "docs": "Documents",
    "artifacts": "Documents",
}
_OTHERS, _REPORTS = "Project", "Reports"


@dataclass(frozen=True)
class Deliverable:
    """One file that is handed over."""

    group: str
    path: str
    size: int
    sha256: str


def deliverables(tree: Tree, root: Path) -> list[Deliverable]:
    """Describe every file of the project, and the reports of the last run."""
    tracked = [name for name in tree.files if name != FILE.as_posix() and not _report(name)]
    files = [_described(root, name, _group(name)) for name in tracked if (root / name).is_file()]
    return [*files, *(_described(root, name, _REPORTS) for name in _reports(root))]


def _report(name: str) -> bool:
    return name.startswith(f"{REPORTS.as_posix()}/")


def _group(name: str) -> str:
    first, *rest = name.split("/")
    if not rest:
        return "Documents" if name.endswith(".md") else _OTHERS
    return _GROUPS.get(first, _OTHERS)


def _reports(root: Path) -> Iterator[str]:
    """Give the reports; a folder of pages is named by the page that opens it."""
    for path in sorted((root / REPORTS).glob("*")):
        inside = path / "index.html"
        for file in [inside] if inside.is_file() else sorted(path.glob("*")) or [path]:
            if file.is_file():
                yield file.relative_to(root).as_posix()


def _described(root: Path, name: str, group: str) -> Deliverable:
    content = (root / name).read_bytes()
    return Deliverable(group, name, len(content), hashlib.sha256(content).hexdigest())


def catalog(title: str, found: Iterable[Deliverable]) -> str:
    """Render the catalog as Markdown."""
    files = list(found)
    order = dict.fromkeys([*_GROUPS.values(), _OTHERS, _REPORTS])
    return "\n".join([*_head(title, files), *(line for g in order for line in _part(g, files))])


def _head(title: str, files: list[Deliverable]) -> Iterator[str]:
    total = sum(file.size for file in files)
    yield f"# Deliverables: {text(title)}"
    yield ""
    yield f"{len(files)} files, {total:,} bytes. `sha256sum PATH` shows a file's hash."
    yield ""


def _part(group: str, files: list[Deliverable]) -> Iterator[str]:
    mine = [file for file in files if file.group == group]
    if not mine:
        return
    yield f"## {group}"
    yield ""
    rows = ([span(f.path).replace("|", "\\|"), f"{f.size:,}", span(f.sha256)] for f in mine)
    yield from table(["path", "bytes", "SHA-256"], rows)
    yield ""

"""What is handed over: the QA report and the list of deliverables."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tools.check import markdown
from tools.check.markdown import span, table, text
from tools.common.code import REPORTS, Tree
from tools.common.tables import load

LEVEL = Path("tools/handoff.toml")
DELIVERABLES = Path("artifacts/deliverables.md")
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
class Level:
    """The product, the level it is at, and what that means for whoever takes it over."""

    title: str
    number: int
    name: str
    audience: str
    use: str
    deployment: tuple[str, ...]
    open: tuple[str, ...]
    has: tuple[str, ...]
    lacks: Mapping[str, tuple[str, ...]]
    upgrade: Mapping[str, str]


def read_level(path: Path) -> Level:
    """Read handoff.toml."""
    file = load(path)
    file.allow(
        *("title", "level", "level_name", "audience", "use"),
        *("deployment", "open", "has", "lacks", "upgrade"),
    )
    lacks = file.table("lacks")
    return Level(
        title=file.get("title", str),
        number=file.get("level", int),
        name=file.get("level_name", str),
        audience=file.get("audience", str),
        use=file.get("use", str),
        deployment=file.words("deployment"),
        open=file.words("open"),
        has=file.words("has"),
        lacks={name: lacks.words(name) for name in lacks.values},
        upgrade=file.texts("upgrade"),
    )


def qa_report(content: dict[str, Any], level: Level, now: datetime) -> str:
    """Render the report of a project that nothing is in the way of."""
    parts = [
        _head(content, level, now),
        _section("Gates", markdown.gates(content)),
        _section("Coverage", markdown.coverage(content)),
        _section("Requirements", markdown.requirements(content)),
        _section("Descoped", _descoped(content)),
        _section("Targets", markdown.targets(content)),
        _section("Known limits", _limits(content, level)),
        _section("Deployment", _numbered(level.deployment)),
        _section("Upgrade path", _upgrade(level)),
        _section("Evidence", _evidence(content)),
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield from lines


def _head(content: dict[str, Any], level: Level, now: datetime) -> Iterator[str]:
    yield f"# QA report: {text(level.title)}"
    yield ""
    yield f"**Ready at level {level.number}, {level.name}** ({level.audience}). {level.use}"
    yield ""
    facts = {
        "Gates": markdown.counted(content["gates"], markdown.MARKS),
        "Coverage": _covered(content["coverage"]),
        "Requirements": _states(content["requirements"]),
        "Code": markdown.code(content["code"]),
        "Gates ran": f"{content['started']} to {content['finished']}",
        "Report written": now.isoformat(timespec="seconds"),
    }
    yield from table(["", ""], facts.items())


def _covered(coverage: dict[str, Any] | None) -> str:
    if coverage is None:
        return "not measured"
    return f"{coverage['total']} %, at least {coverage['threshold']} % is wanted"


def _states(rows: list[dict[str, Any]]) -> str:
    counts = Counter(row["state"] for row in rows)
    return ", ".join(f"{number} {state}" for state, number in counts.items()) or "none"


def _descoped(content: dict[str, Any]) -> Iterator[str]:
    rows = [row for row in content["requirements"] if row["descoped"]]
    if not rows:
        yield "Nothing was taken out of scope."
        return
    cells = (
        [row["id"], text(row["descoped"]["reason"]), text(row["descoped"]["approved_by"])]
        for row in rows
    )
    yield from table(["id", "reason", "approved by"], cells)


def _limits(content: dict[str, Any], level: Level) -> Iterator[str]:
    for target in content["targets"]:
        if target["reason"]:
            yield f"- Not measured: {target['title']}, {target['wanted']}; {target['reason']}."
    yield from markdown.unproved(content)
    if content["unproved_tests"] == []:
        yield "- Every gate ran, and no test was skipped."
    for name, features in level.lacks.items():
        yield ""
        yield f"Not here; it comes with {name}:"
        yield ""
        yield from (f"- {feature}" for feature in features)


def _numbered(steps: Iterable[str]) -> Iterator[str]:
    return (f"{number}. {step}" for number, step in enumerate(steps, 1))


def _upgrade(level: Level) -> Iterator[str]:
    yield "`copier update` raises the level and keeps what the project's owners wrote:"
    yield ""
    yield from (f"- {step}: when {when}." for step, when in level.upgrade.items())


def _evidence(content: dict[str, Any]) -> Iterator[str]:
    yield (
        "`artifacts/reports/gates.json` holds every figure above; `index.html` beside it shows"
        " them. `artifacts/deliverables.md` lists what is handed over, with hashes."
    )
    yield ""
    yield from markdown.reports(content)


@dataclass(frozen=True)
class Deliverable:
    """One file that is handed over."""

    group: str
    path: str
    size: int
    sha256: str


def deliverables(tree: Tree, root: Path) -> list[Deliverable]:
    """Describe every file of the project, and the reports of the last run."""
    tracked = [name for name in tree.files if name != DELIVERABLES.as_posix() and not _report(name)]
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
    return "\n".join(
        [*_catalog_head(title, files), *(line for g in order for line in _part(g, files))]
    )


def _catalog_head(title: str, files: list[Deliverable]) -> Iterator[str]:
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

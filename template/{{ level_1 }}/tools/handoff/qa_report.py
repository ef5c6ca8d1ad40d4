"""The QA report: every figure in it comes from gates.json."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from tools.check import sections
from tools.handoff.level import Level
from tools.markdown import table, text


def qa_report(content: dict[str, Any], level: Level, now: datetime) -> str:
    """Render the report of a project that nothing is in the way of."""
    parts = [
        _head(content, level, now),
        _section("Gates", sections.gates(content)),
        _section("Coverage", sections.coverage(content)),
        _section("Requirements", sections.requirements(content)),
        _section("Descoped", _descoped(content)),
        _section("Targets", sections.targets(content)),
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
        "Gates": sections.counted(content["gates"], sections.MARKS),
        "Coverage": _covered(content["coverage"]),
        "Requirements": _states(content["requirements"]),
        "Code": sections.code(content["code"]),
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
    yield from sections.unproved(content)
    if not content["unproved_tests"]:
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
    yield from sections.reports(content)

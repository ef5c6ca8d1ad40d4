"""What the project must do, and which of it the tests of a run have proved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.check.result import Coverage, Result, Test
from tools.tables import Table, load

FILE = Path("tools/requirements.toml")
_UNPROVED = "no test that ran names it"


@dataclass(frozen=True)
class Requirement:
    """One thing the project must do."""

    id: str
    kind: str
    title: str
    priority: str
    acceptance: str | None
    descoped: Mapping[str, str] | None


@dataclass(frozen=True)
class Target:
    """One figure the project must reach."""

    name: str
    title: str
    wanted: str
    not_measured: str


@dataclass(frozen=True)
class Required:
    """Everything that tests can prove, and the gate that runs them."""

    gate: str
    data: str
    requirements: tuple[Requirement, ...]
    targets: tuple[Target, ...]


def read_required(path: Path, gate: str, data: str) -> Required:
    """Read requirements.toml."""
    file = load(path)
    file.allow("requirements", "targets")
    return Required(
        gate,
        data,
        tuple(_requirement(name, table) for name, table in file.table("requirements").tables()),
        tuple(_target(name, table) for name, table in file.table("targets").tables()),
    )


def _requirement(name: str, table: Table) -> Requirement:
    table.allow("kind", "title", "priority", "acceptance", "descoped")
    return Requirement(
        id=name,
        kind=table.get("kind", str),
        title=table.get("title", str),
        priority=table.get("priority", str),
        acceptance=table.get("acceptance", str, "") or None,
        descoped=table.texts("descoped") or None,
    )


def _target(name: str, table: Table) -> Target:
    table.allow("title", "bound", "value", "unit", "not_measured")
    wanted = f"{table.get('bound', str)} {table.number('value')} {table.get('unit', str)}"
    reason = table.get("not_measured", str, _UNPROVED)
    return Target(name, table.get("title", str), wanted.strip(), reason)


def matrix(required: Required, tests: Sequence[Test]) -> list[dict[str, Any]]:
    """Return each requirement with its state and the tests that name it."""
    return [_row(requirement, tests) for requirement in required.requirements]


def _row(requirement: Requirement, tests: Iterable[Test]) -> dict[str, Any]:
    naming = _naming(requirement.id, tests)
    return {
        "id": requirement.id,
        "kind": requirement.kind,
        "title": requirement.title,
        "priority": requirement.priority,
        "acceptance": requirement.acceptance,
        "state": "descoped" if requirement.descoped else _state(naming, "uncovered"),
        "tests": naming,
        "descoped": requirement.descoped,
    }


def _naming(name: str, tests: Iterable[Test]) -> list[dict[str, str]]:
    return [{"id": test.id, "outcome": test.outcome} for test in tests if name in test.requirements]


def _state(tests: Sequence[Mapping[str, str]], otherwise: str) -> str:
    # A test that was skipped, or is expected to fail, proves nothing.
    outcomes = {test["outcome"] for test in tests}
    if "failed" in outcomes:
        return "failed"
    return "covered" if outcomes == {"passed"} else otherwise


def targets(
    required: Required | None, results: Sequence[Result], tests: Sequence[Test]
) -> Iterator[dict[str, Any]]:
    """Return each figure that is wanted, with what was measured, or why nothing was."""
    for coverage in filter(None, (result.coverage for result in results)):
        yield _coverage(coverage)
    for target in required.targets if required else ():
        naming = _naming(target.name, tests)
        state = _state(naming, "not measured")
        yield {
            "name": target.name,
            "title": target.title,
            "wanted": target.wanted,
            "measured": None,
            "state": state,
            "reason": target.not_measured if state == "not measured" else None,
            "tests": naming,
        }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "name": "coverage_percent",
        "title": "Coverage of the tests",
        "wanted": f"at least {coverage.threshold:g} %",
        "measured": f"{coverage.total:g} %",
        "state": "covered" if coverage.exact >= coverage.threshold else "failed",
        "reason": None,
        "tests": [],
    }

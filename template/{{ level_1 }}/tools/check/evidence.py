"""What became of a gate: a gate that left no figure has proved nothing."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from tools.check.plan import CoverageRule, Gate, Plan

type Figures = dict[str, int | float | str]


FINDINGS = "findings"
"""The one figure that may be 0: all others tell how much was looked at."""
OUTCOMES = ("passed", "failed", "skipped", "xfailed", "xpassed", "not run")


class State(StrEnum):
    """The only three ways a gate can end; one that did not run has not passed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Coverage:
    """Percentages, rounded down so that no figure looks better than it is."""

    exact: float
    threshold: float
    by_service: Mapping[str, float]

    @property
    def total(self) -> float:
        """Return the percentage for people."""
        return rounded_down(self.exact)


def rounded_down(percent: float) -> float:
    """Cut a percentage after one decimal: 59.96 % is not 60 %."""
    return math.floor(percent * 10) / 10


@dataclass(frozen=True)
class Proof:
    """What became of one test, and the requirements that it names."""

    id: str
    requirements: tuple[str, ...]
    outcome: str
    reason: str


class MissingEvidenceError(Exception):
    """A figure that should be in a report is not there."""


@dataclass(frozen=True)
class Result:
    """One gate of one run, with the evidence it left."""

    gate: Gate
    state: State
    reason: str = ""
    command: tuple[str, ...] = ()
    exit_code: int | None = None
    started: str | None = None
    duration_s: float = 0.0
    figure: str = ""
    figures: Mapping[str, int | float | str] = field(default_factory=dict)
    tool_version: str | None = None
    output: str = ""
    coverage: Coverage | None = None
    tests: tuple[Proof, ...] | None = None
    reports: tuple[str, ...] = ()
    kept: bool = False

    @property
    def started_at_all(self) -> bool:
        """Say whether there is anything to show: output, duration, a log."""
        return self.started is not None


def not_run(gate: Gate, reason: str) -> Result:
    """Return the result of a gate that never started."""
    return Result(gate, State.NOT_RUN, reason)


def read_outcomes(path: Path) -> tuple[Proof, ...]:
    """Read every test of a run, with the requirements that it names."""
    try:
        tests = json.loads(path.read_text(encoding="utf-8"))["tests"]
        return tuple(
            Proof(test["id"], tuple(test["requirements"]), test["outcome"], test["reason"])
            for test in tests
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MissingEvidenceError(f"no report of the tests was written ({path.name})") from error


def read_figures(path: Path) -> Figures:
    """Read what a command has counted; one that looked at nothing has proved nothing."""
    try:
        figures: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        wrong = [value for value in figures.values() if type(value) not in {int, float, str}]
    except (OSError, ValueError, AttributeError) as error:
        raise MissingEvidenceError(f"no figures were written ({path.name})") from error
    if wrong:
        raise MissingEvidenceError(f"{path.name} has no figure, but: {wrong[0]!r}")
    if nothing := [name for name, value in figures.items() if not value and name != FINDINGS]:
        raise MissingEvidenceError(f"exit code 0, but no evidence: 0 {nothing[0]}")
    return figures


def counted(tests: Iterable[Proof]) -> dict[str, int]:
    """Count the outcomes of tests, in an order that is always the same."""
    counts = Counter(test.outcome for test in tests)
    return {outcome: counts[outcome] for outcome in OUTCOMES if counts[outcome]}


def unproved(tests: Iterable[Proof]) -> list[dict[str, Any]]:
    """Return the tests that neither passed nor failed: what they are for was not checked."""
    return [
        {"id": test.id, "outcome": test.outcome, "reason": test.reason or None}
        for test in tests
        if test.outcome not in {"passed", "failed"}
    ]


def read_coverage(rule: CoverageRule, root: Path, work: Path) -> Coverage:
    """Read coverage's JSON report: the total, and each folder of its own."""
    path = work / rule.data
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        total = float(report["totals"]["percent_covered"])
        files: dict[str, Any] = report["files"]
        by_service = {name: _folder(name, files) for name in measured_folders(rule, root)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MissingEvidenceError(f"no coverage report was written ({rule.data})") from error
    return Coverage(total, rule.threshold, by_service)


def measured_folders(rule: CoverageRule, root: Path) -> list[str]:
    """Return the folders that must appear in the report: each one that is a package."""
    found = [path.parent for glob in rule.folders for path in root.glob(f"{glob}/pyproject.toml")]
    return sorted(path.relative_to(root).as_posix() for path in found)


def _folder(name: str, files: dict[str, Any]) -> float:
    summaries = [data["summary"] for path, data in files.items() if path.startswith(f"{name}/")]
    if not summaries:
        raise MissingEvidenceError(f"coverage says nothing about {name}: no file was measured")
    parts = sum(s["num_statements"] + s.get("num_branches", 0) for s in summaries)
    covered = sum(s["covered_lines"] + s.get("covered_branches", 0) for s in summaries)
    return rounded_down(100 * covered / parts) if parts else 100.0


def judge(result: Result, plan: Plan, root: Path, work: Path) -> Result:
    """Decide from exit code, output and reports whether a gate that ran has passed."""
    gate = result.gate
    figures, problems = _matched(gate, result.output)
    if written := _found(partial(_written, gate, work), problems):
        figures |= written
    if tests := _found(partial(_tests, gate, work), problems):
        figures |= counted(tests)
        figures["tests"] = ", ".join(f"{n} {outcome}" for outcome, n in counted(tests).items())
    if tests is not None and not figures.get("passed"):
        problems.append("exit code 0, but no evidence: no test passed")
    if coverage := _found(partial(_measured, gate, plan, root, work), problems):
        figures |= {"coverage": coverage.total, "threshold": coverage.threshold}
        problems += _too_low(coverage)
    if problems and result.state is State.PASSED:
        result = replace(result, state=State.FAILED, reason=problems[0])
    figure = _figure(gate, figures, result.exit_code)
    if not figure and result.state is State.PASSED:
        reason = f"exit code 0, but no evidence: {gate.figure!r} could not be filled in"
        result = replace(result, state=State.FAILED, reason=reason)
    reports = tuple(name for name in gate.reports if (work / name).exists())
    return replace(
        result, figures=figures, figure=figure, coverage=coverage, tests=tests, reports=reports
    )


def _found[T](read: Callable[[], T], problems: list[str]) -> T | None:
    try:
        return read()
    except MissingEvidenceError as missing:
        problems.append(str(missing))
        return None


def _written(gate: Gate, work: Path) -> Figures | None:
    return read_figures(work / gate.figures) if gate.figures else None


def _tests(gate: Gate, work: Path) -> tuple[Proof, ...] | None:
    return read_outcomes(work / gate.outcomes) if gate.outcomes else None


def _measured(gate: Gate, plan: Plan, root: Path, work: Path) -> Coverage | None:
    rule = plan.coverage
    return read_coverage(rule, root, work) if rule and rule.gate == gate.name else None


def _matched(gate: Gate, output: str) -> tuple[Figures, list[str]]:
    figures: Figures = {
        name: sum(1 for _ in pattern.finditer(output)) for name, pattern in gate.counts.items()
    }
    problems = []
    for pattern in gate.patterns:
        if match := pattern.search(output):
            figures |= {name: _number(text) for name, text in match.groupdict().items() if text}
        else:
            problems.append(
                f"exit code 0, but no evidence: the output does not match {pattern.pattern!r}"
            )
    return figures, problems


def _number(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def _too_low(coverage: Coverage) -> list[str]:
    if coverage.exact >= coverage.threshold:
        return []
    return [f"coverage {coverage.total:g} % is below {coverage.threshold:g} %"]


def _figure(gate: Gate, figures: Figures, exit_code: int | None) -> str:
    wanted = [gate.figure]
    if exit_code and gate.failed_figure:
        wanted.insert(0, gate.failed_figure)
    for text in wanted:
        try:
            return text.format_map(figures)
        except KeyError:
            continue
    return ""

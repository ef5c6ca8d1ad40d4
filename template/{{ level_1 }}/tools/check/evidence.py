"""From a tool's output to figures: a gate without its figure has proved nothing."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from tools.check.outcomes import read_outcomes
from tools.check.plan import CoverageRule, Gate, Plan
from tools.check.result import (
    Coverage,
    MissingEvidenceError,
    Result,
    State,
    Test,
    rounded_down,
)

type Figures = dict[str, int | float | str]


def judge(result: Result, plan: Plan, root: Path, work: Path) -> Result:
    """Decide from exit code, output and reports whether a gate that ran has passed."""
    gate = result.gate
    figures, problems = _matched(gate, result.output)
    coverage = tests = None
    try:
        tests = _tests(gate, plan, work)
        coverage = _measured(gate, plan, root, work)
    except MissingEvidenceError as missing:
        problems.append(str(missing))
    if coverage:
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


def _tests(gate: Gate, plan: Plan, work: Path) -> tuple[Test, ...] | None:
    required = plan.required
    return read_outcomes(work / required.data) if required and required.gate == gate.name else None


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

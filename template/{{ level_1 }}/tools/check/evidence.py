"""From a tool's output to figures: a gate without its figure has proved nothing."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from tools.check.coverage import read_coverage
from tools.check.outcomes import read_outcomes
from tools.check.plan import Gate, Plan
from tools.check.result import Coverage, MissingEvidenceError, Proof, Result, State

type Figures = dict[str, int | float | str]


def judge(result: Result, plan: Plan, root: Path, work: Path) -> Result:
    """Decide from exit code, output and reports whether a gate that ran has passed."""
    gate = result.gate
    figures, problems = _matched(gate, result.output)
    tests = _found(partial(_tests, gate, plan, work), problems)
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


def _tests(gate: Gate, plan: Plan, work: Path) -> tuple[Proof, ...] | None:
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

"""Which of the requirements and targets the tests of a run have proved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tools.check.plan import CoverageRule, Plan
from tools.check.requirements import Required, Requirement, Target
from tools.check.result import Proof, Result


def matrix(required: Required, tests: Sequence[Proof]) -> list[dict[str, Any]]:
    """Return each requirement with its state and the tests that name it."""
    return [_row(requirement, tests) for requirement in required.requirements]


def _row(requirement: Requirement, tests: Iterable[Proof]) -> dict[str, Any]:
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


def _naming(name: str, tests: Iterable[Proof]) -> list[dict[str, str]]:
    return [{"id": test.id, "outcome": test.outcome} for test in tests if name in test.requirements]


def _state(tests: Sequence[Mapping[str, str]], otherwise: str) -> str:
    # A test that was skipped, or is expected to fail, proves nothing.
    outcomes = {test["outcome"] for test in tests}
    if "failed" in outcomes:
        return "failed"
    return "covered" if outcomes == {"passed"} else otherwise


def targets(
    plan: Plan, results: Iterable[Result], tests: Sequence[Proof]
) -> Iterator[dict[str, Any]]:
    """Return each figure that is wanted, with what was measured, or why nothing was."""
    if rule := plan.coverage:
        yield _coverage(rule, next(result for result in results if result.gate.name == rule.gate))
    for target in plan.required.targets if plan.required else ():
        yield _target(target, _naming(target.name, tests))


def _target(target: Target, tests: list[dict[str, str]]) -> dict[str, Any]:
    state = _state(tests, "not measured")
    return {
        "name": target.name,
        "title": target.title,
        "wanted": target.wanted,
        "measured": None,
        "state": state,
        "reason": target.not_measured if state == "not measured" else None,
        "tests": tests,
    }


def _coverage(rule: CoverageRule, result: Result) -> dict[str, Any]:
    coverage, state = result.coverage, "not measured"
    if coverage:
        state = "covered" if coverage.exact >= coverage.threshold else "failed"
    return {
        "name": "coverage_percent",
        "title": "Coverage of the tests",
        "wanted": f"at least {rule.threshold:g} %",
        "measured": f"{coverage.total:g} %" if coverage else None,
        "state": state,
        "reason": None if coverage else f"{rule.gate}: {result.reason}",
        "tests": [],
    }

"""The reports of a run: gates.json has everything, the others show it."""

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from tools.check.evidence import Coverage, Proof, Result, unproved
from tools.check.markdown import checklist
from tools.check.page import page
from tools.check.plan import CoverageRule, Plan, Required, Requirement, Target
from tools.common import write_atomically
from tools.common.code import REPORTS

SCHEMA_VERSION = 2
_WORK = ".check-"


@dataclass(frozen=True)
class Moment:
    """When a run was, and of what code."""

    started: datetime
    finished: datetime
    code: dict[str, str | bool] | None


def document(plan: Plan, results: Sequence[Result], moment: Moment) -> dict[str, Any]:
    """Return the content of gates.json."""
    coverage = next((result.coverage for result in results if result.coverage), None)
    reported = [result.tests for result in results if result.tests is not None]
    tests = list(chain.from_iterable(reported)) if reported else None
    return {
        "schema_version": SCHEMA_VERSION,
        "project": plan.project,
        "level": plan.level,
        "started": moment.started.isoformat(timespec="seconds"),
        "finished": moment.finished.isoformat(timespec="seconds"),
        "duration_s": round((moment.finished - moment.started).total_seconds(), 2),
        "machine": {
            "python": platform.python_version(),
            "platform": platform.platform(),
            "cpus": os.cpu_count(),
        },
        "code": moment.code,
        "gates": [_gate(result) for result in results],
        "coverage": coverage and _coverage(coverage),
        "targets": list(targets(plan, results, tests or ())),
        **_requirements(plan.required, results, tests),
    }


def _gate(result: Result) -> dict[str, Any]:
    gate = result.gate
    return {
        "name": gate.name,
        "title": gate.title,
        "command": list(result.command or gate.command),
        "exit_code": result.exit_code,
        "state": result.state.value,
        "reason": result.reason or None,
        "kept": result.kept,
        "figure": result.figure or None,
        "figures": dict(result.figures),
        "duration_s": result.duration_s,
        "started": result.started,
        "tool": gate.tool,
        "tool_version": result.tool_version,
        "log": log_path(result).as_posix() if result.started_at_all else None,
        "reports": [(REPORTS / name).as_posix() for name in result.reports],
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    values = asdict(coverage)
    del values["exact"]
    return {"total": coverage.total, **values}


def _requirements(
    required: Required | None, results: Sequence[Result], tests: Sequence[Proof] | None
) -> dict[str, Any]:
    if required and tests is not None:
        rows = matrix(required, tests)
        return {
            "requirements": rows,
            "requirements_reason": None,
            "unproved_tests": unproved(tests),
        }
    missing = [f"{r.gate.name}: {r.reason}" for r in results if r.gate.outcomes]
    reason = f"no gate left a report of its tests ({', '.join(missing) or 'there is none'})"
    return {"requirements": None, "requirements_reason": reason, "unproved_tests": None}


def log_path(result: Result) -> Path:
    """Return where a gate's full output is once the run is over."""
    return REPORTS / "logs" / f"{result.gate.name}.log"


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
        yield _coverage_target(
            rule, next(result for result in results if result.gate.name == rule.gate)
        )
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


def _coverage_target(rule: CoverageRule, result: Result) -> dict[str, Any]:
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


def to_text(content: dict[str, Any]) -> str:
    """Return a document as the text of a JSON file."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def publish(content: dict[str, Any], results: Sequence[Result], root: Path, work: Path) -> None:
    """Put a finished run's reports in place; gates.json, which vouches for them, comes last."""
    reports = root / REPORTS
    (reports / "logs").mkdir(parents=True, exist_ok=True)
    for result in results:
        if result.started_at_all:
            _replace(work / "logs" / f"{result.gate.name}.log", root / log_path(result), work)
            for name in result.gate.reports:
                _replace(work / name, reports / name, work)
    write_atomically(reports / "verification-checklist.md", checklist(content))
    write_atomically(reports / "index.html", page(content))
    write_atomically(reports / "gates.json", to_text(content))


def _replace(new: Path, old: Path, work: Path) -> None:
    # A folder cannot be renamed over another one: the old one steps aside first.
    if old.is_dir():
        old.rename(work / f"{old.name}.old")
    elif old.exists():
        old.unlink()
    if new.exists():
        new.rename(old)


def new_work(root: Path) -> Path:
    """Make the scratch folder of a run, on the same disk as the reports."""
    for old in (root / "artifacts").glob(f"{_WORK}*"):  # of a run that was killed
        if not psutil.pid_exists(int(old.name.removeprefix(_WORK))):
            shutil.rmtree(old, ignore_errors=True)
    work = root / "artifacts" / f"{_WORK}{os.getpid()}"
    shutil.rmtree(work, ignore_errors=True)
    (work / "logs").mkdir(parents=True)
    return work


def remove_work(work: Path) -> None:
    """Remove the scratch folder with whatever a stopped gate left in it."""
    shutil.rmtree(work, ignore_errors=True)
    if work.exists():
        sys.stderr.write(f"{work} could not be removed\n")

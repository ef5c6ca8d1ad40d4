"""The content of gates.json: everything that a run measured."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tools.check.matrix import matrix, targets
from tools.check.outcomes import unproved
from tools.check.plan import Plan
from tools.check.requirements import Required
from tools.check.result import Coverage, Proof, Result

REPORTS = Path("artifacts/reports")
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Moment:
    """When a run was, and of what code."""

    started: datetime
    finished: datetime
    code: dict[str, str | bool] | None


def document(plan: Plan, results: Sequence[Result], moment: Moment) -> dict[str, Any]:
    """Return the content of gates.json."""
    coverage = next((result.coverage for result in results if result.coverage), None)
    tests = next((result.tests for result in results if result.tests is not None), None)
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
    reason = "gates.toml has no table [requirements]"
    if required:
        gate = next(result for result in results if result.gate.name == required.gate)
        reason = f"the gate {required.gate} left no report of its tests ({gate.reason})"
    return {"requirements": None, "requirements_reason": reason, "unproved_tests": None}


def log_path(result: Result) -> Path:
    """Return where a gate's full output is once the run is over."""
    return REPORTS / "logs" / f"{result.gate.name}.log"

"""The report of the test runner: what became of each test."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tools.check.result import MissingEvidenceError, Proof


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


def unproved(tests: Iterable[Proof]) -> list[dict[str, Any]]:
    """Return the tests that neither passed nor failed: what they are for was not checked."""
    return [
        {"id": test.id, "outcome": test.outcome, "reason": test.reason or None}
        for test in tests
        if test.outcome not in {"passed", "failed"}
    ]

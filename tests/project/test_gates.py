"""The gates of generated projects: green at once, and red for what they are there to find."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.project.defects import DEFECTS, Defect
from tests.support import EXAMPLES, ODD, run

GATES = ["lock", "lint", "format", "imports", "types", "tests"]


def gates(project: Path, *only: str) -> tuple[int, dict[str, Any]]:
    """Run a project's gates; return the exit code and gates.json by gate."""
    selected = [argument for gate in only for argument in ("--only", gate)]
    done = run(
        project, "uv", "run", "--no-sync", "python", "-m", "tools.check", "--json", *selected
    )
    report = json.loads(done.stdout)
    return done.returncode, {gate["name"]: gate for gate in report["gates"]} | {"": report}


@pytest.mark.parametrize("name", [*EXAMPLES, *ODD])
def test_a_new_project_is_green(name: str, installed: Callable[[str], Path]) -> None:
    code, report = gates(installed(name))

    failed = {gate: r["state"] for gate, r in report.items() if gate and r["state"] != "passed"}
    assert failed == {}
    assert code == 0
    assert [gate for gate in report if gate] == GATES
    assert report[""]["coverage"]["total"] >= 80, "far above the level's threshold"


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_gate_finds_its_defect(defect: Defect, installed: Callable[[str], Path]) -> None:
    project = installed("task_manager")

    with defect.injected(project):
        code, report = gates(project, defect.gate)

    gate = report[defect.gate]
    log = (project / gate["log"]).read_text("utf-8")
    assert gate["state"] == "failed"
    assert code == 4
    assert defect.named in f"{log}\n{gate['reason']}"


def test_every_gate_has_a_defect() -> None:
    assert {defect.gate for defect in DEFECTS} == set(GATES)

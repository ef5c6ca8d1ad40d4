"""The gates of generated projects: green at once, and red for what they are there to find."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.project.defects import COVERAGE, DEFECTS, Defect, gates_of
from tests.support import LEVELS, PROJECTS, answers_of, extension, run


def gates(project: Path, *only: str) -> tuple[int, dict[str, Any]]:
    """Run a project's gates; return the exit code and gates.json by gate."""
    selected = [argument for gate in only for argument in ("--only", gate)]
    done = run(
        project, "uv", "run", "--no-sync", "python", "-m", "tools.check", "--json", *selected
    )
    report = json.loads(done.stdout)
    return done.returncode, {gate["name"]: gate for gate in report["gates"]} | {"": report}


# Every day each of the answers that differ most, at one level or the other.
DAILY = {"task_manager@1", "odd_names@1", "p2p_lending@2"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in DAILY else pytest.mark.long) for name in PROJECTS],
)
def test_a_new_project_is_green(name: str, installed: Callable[[str], Path]) -> None:
    code, report = gates(installed(name))

    failed = {gate: r["state"] for gate, r in report.items() if gate and r["state"] != "passed"}
    assert failed == {}
    assert code == 0
    wanted = [gate["name"] for gate in gates_of(answers_of(name)["level"])]
    assert [gate for gate in report if gate] == wanted
    assert report[""]["coverage"]["total"] >= 85, "far above the level's threshold"


def found(defect: Defect, project: Path, level: int) -> None:
    """Put a defect into a project: the right gate goes red, and its log names the place."""
    gate = defect.gate_at(level)
    with defect.injected(project):
        code, report = gates(project, gate)

    result = report[gate]
    log = (project / result["log"]).read_text("utf-8")
    assert result["state"] == "failed", f"{gate} does not find: {defect.what}"
    assert code == 4
    assert defect.named_at(level) in f"{log}\n{result['reason']}"


@pytest.mark.parametrize(
    "defect",
    [defect for defect in DEFECTS if LEVELS[0] >= defect.level and not defect.module],
    ids=lambda defect: defect.name,
)
def test_a_gate_finds_its_defect(defect: Defect, installed: Callable[[str], Path]) -> None:
    found(defect, installed(defect.projects(LEVELS)[0]), LEVELS[0])


@pytest.mark.long
@pytest.mark.parametrize(
    ("defect", "name"),
    [(defect, name) for defect in DEFECTS for name in defect.projects(LEVELS)],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_a_gate_finds_its_defect_at_every_level(
    defect: Defect, name: str, installed: Callable[[str], Path]
) -> None:
    found(defect, installed(name), answers_of(name)["level"])


def without_defect(defects: Sequence[Defect]) -> set[str]:
    """The gates that have no defect, of those that a project can have."""
    catalog = extension().catalog()
    offered = {None, *(row["name"] for row in catalog["modules"] if row["available"])}
    there = {
        gate["name"]
        for gate in catalog["gates"]
        if gate.get("level", 1) <= LEVELS[-1] and gate.get("module") in offered
    }
    return (there | {COVERAGE}) - {defect.gate for defect in defects}


def test_every_gate_has_a_defect() -> None:
    assert without_defect(DEFECTS) == set()
    assert {defect.gate for defect in DEFECTS} <= {
        COVERAGE,
        *(gate["name"] for gate in extension().catalog()["gates"]),
    }


@pytest.mark.parametrize("gate", sorted({defect.gate for defect in DEFECTS}))
def test_a_gate_without_a_defect_would_be_seen(gate: str) -> None:
    assert without_defect([defect for defect in DEFECTS if defect.gate != gate]) == {gate}


def test_a_gate_that_finds_nothing_would_be_seen(installed: Callable[[str], Path]) -> None:
    harmless = Defect(
        name="harmless",
        what="a comment",
        gate="lint",
        file="services/team_tasks_api/src/team_tasks_api/domain/task.py",
        new="\n# Well.\n",
        named="domain/task.py",
    )
    project = installed("task_manager@1")

    with pytest.raises(AssertionError, match="lint does not find: a comment"):
        found(harmless, project, 1)

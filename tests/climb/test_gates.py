"""After a climb: the owners' own tests still pass, and red gates say what lacks."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from ferrata.base import Exit
from ferrata.checking import blame, lacks, last_run, run_climbed
from ferrata.template import updates
from tests import turns
from tests.climb.conftest import Climb
from tests.climb.support import apply_edit, edits, new_project, replace
from tests.support import commit_all, extension, run

OWN = ("field_with_migration", "entity_with_router", "rewritten_use_case", "own_setting")


TESTS = ("uv", "run", "--all-packages", "--quiet", "pytest", "-q")


@pytest.fixture
def lived_in(template: Path) -> Iterator[Path]:
    """A project at level 1 that its owners went on with, installed and committed."""
    # Not under pytest's own folder: see the fixture `installed`.
    with TemporaryDirectory(prefix="climbed-") as folder:
        Path(folder).chmod(0o755)
        project = new_project(template, Path(folder) / "demo")
        for edit in edits():
            if edit.name in OWN:
                apply_edit(edit, project, {})
        # Each edit follows the first migration; together, one follows the other.
        [labels] = project.glob("services/*/migrations/versions/0001_labels.py")
        replace(labels, 'down_revision = "0001"', 'down_revision = "0002"')
        replace(labels, "Revises: 0001", "Revises: 0002")
        synced = run(project, "uv", "sync", "--all-packages", "--quiet")
        assert synced.returncode == 0, synced.stderr
        commit_all(project, "locked")
        yield project


@turns.climbs
def test_the_owners_tests_pass_before_and_after(lived_in: Path, climb: Climb) -> None:
    before = run(lived_in, *TESTS, "services")
    assert before.returncode == 0, before.stdout

    climbed = climb(lived_in, "--to", 2)

    assert climbed.code == 0, climbed.err
    after = run(lived_in, *TESTS, "services")
    assert after.returncode == 0, after.stdout
    assert _passed(after.stdout) >= _passed(before.stdout)


def _passed(told: str) -> int:
    found = re.search(r"(\d+) passed", told)
    assert found, told
    return int(found[1])


@pytest.mark.long
def test_every_gate_of_the_new_level_is_green(lived_in: Path) -> None:
    command = [sys.executable, "-m", "ferrata", "climb", str(lived_in), "--to", "2"]

    climbed = run(lived_in, *command, FERRATA_GATES="on")

    assert climbed.returncode == 0, climbed.stdout + climbed.stderr
    gates = json.loads((lived_in / "artifacts/reports/gates.json").read_text("utf-8"))
    wanted = [row["name"] for row in extension().catalog()["gates"] if row["level"] <= 2]
    assert {gate["name"]: gate["state"] for gate in gates["gates"]} == dict.fromkeys(
        wanted, "passed"
    )


XML = """\
<sources>
  <source>{project}/services</source>
  <source>{project}/shared</source>
</sources>
<class name="a.py" filename="one/a.py" line-rate="0.5">
  <lines>
    <line number="1" hits="1"/>
    <line number="2" hits="0"/>
    <line number="3" hits="1" branch="true" condition-coverage="50% (1/2)" missing-branches="4"/>
  </lines>
</class>
<class name="b.py" filename="src/b.py" line-rate="1">
  <lines>
    <line number="1" hits="1"/>
  </lines>
</class>
<class name="c.py" filename="src/c.py" line-rate="0">
  <lines/>
</class>
"""


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    for path in ("services/one/a.py", "shared/src/b.py", "shared/src/c.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    reports = tmp_path / "artifacts/reports"
    reports.mkdir(parents=True)
    (reports / "coverage.xml").write_text(XML.format(project=tmp_path))
    (reports / "gates.json").write_text('{"coverage": {"total": 66.6, "threshold": 75}}')
    return tmp_path


def test_files_that_lack_coverage_are_named(measured: Path) -> None:
    assert lacks(measured) == [
        "Coverage is 66.6 %, this level asks for 75 %. What lacks most:",
        "  services/one/a.py: 60 % (2 of 5 not covered)",
    ]


def test_coverage_that_is_enough_or_unknown_is_not_mentioned(measured: Path) -> None:
    reports = measured / "artifacts/reports"
    (reports / "gates.json").write_text('{"coverage": {"total": 76, "threshold": 75}}')
    assert lacks(measured) == []
    (reports / "gates.json").write_text('{"coverage": null}')
    assert lacks(measured) == []
    (reports / "gates.json").unlink()
    assert lacks(measured) == []


RED = """\
import json
import sys
import time
import tomllib
from pathlib import Path

plan = tomllib.loads(Path("tools/gates.toml").read_text())
level, asked = plan["level"], [word for word in sys.argv[1:] if word != "--only"]
red = {1: ["lint"], 2: ["lint", "tests", "security"]}[level]
gates = [
    {
        "name": name,
        "state": "not run" if asked and name not in asked else "failed" if name in red else "passed",
        "figure": f"{level} findings",
        "reason": None,
    }
    for name in plan["gates"]
]
coverage = {"total": 66.6, "threshold": 75}
report = {"started": str(time.time()), "code": None, "gates": gates, "coverage": coverage}
reports = Path("artifacts/reports")
reports.mkdir(parents=True, exist_ok=True)
(reports / "coverage.xml").write_text(Path(".xml").read_text())
(reports / "gates.json").write_text(json.dumps(report))
print(f"gates of level {level}")
sys.exit(4)
"""
BLAME = """\
The climb made red:
  security: 2 findings (a new gate)
  tests: 2 findings (before: 1 findings)
Red before the climb too:
  lint: 2 findings (before: 1 findings)
"""


@pytest.fixture
def with_red_gates(project: Path) -> Path:
    """A project whose lint is red at level 1 already."""
    (project / "tools/check/__main__.py").write_text(RED)
    (project / "services/team_tasks_api/a.py").touch()
    xml = XML.format(project=project).replace("one/a.py", "team_tasks_api/a.py")
    (project / ".xml").write_text(xml)
    commit_all(project, "red")
    return project


@turns.climbs
def test_red_gates_after_a_climb(with_red_gates: Path) -> None:
    project = with_red_gates
    command = [sys.executable, "-m", "ferrata", "climb", str(project), "--to", "2"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "FERRATA_GATES": "on"},
    )

    assert done.returncode == 4, done.stderr
    assert "The project climbed, but its gates are not green." in done.stdout
    assert BLAME in done.stdout
    assert done.stdout.count("gates of level") == 1
    assert "  services/team_tasks_api/a.py: 60 % (2 of 5 not covered)" in done.stdout
    assert done.stdout.index("not covered") < done.stdout.index("What is left to do")


@dataclass
class Machine:
    """What is asked of a project's tools."""

    ran: list[Path] = field(default_factory=list)
    NotRun: type[Exception] = ValueError

    def sync(self, project: Path) -> None:
        self.ran.append(project)

    def run_tool(self, project: Path, *_: object, **__: object) -> int:
        raise self.NotRun("no network")


def _report(project: Path, started: str, commit: str | None, **states: str) -> None:
    gates = [
        {"name": name, "state": state, "figure": f"{started}: {state}", "reason": None}
        for name, state in states.items()
    ]
    code = commit and {"commit": commit, "dirty": False}
    reports = project / "artifacts/reports"
    reports.mkdir(parents=True, exist_ok=True)
    (reports / "gates.json").write_text(
        json.dumps({"started": started, "code": code, "gates": gates}), "utf-8"
    )


@pytest.fixture
def repository(project: Path, tmp_path: Path) -> Any:
    (tmp_path / "scratch").mkdir()
    return updates().updating().Repository(project, tmp_path / "scratch")


def test_the_last_run_tells_what_was_red_before(project: Path, repository: Any) -> None:
    _report(project, "one", repository.head, lint="failed", types="passed", tests="failed")
    before = last_run(project)
    _report(project, "two", None, lint="failed", types="failed", tests="passed", security="failed")

    assert blame(Machine(), repository, before) == [  # type: ignore[arg-type]
        "The climb made red:",
        "  types: two: failed (before: one: passed)",
        "  security: two: failed (a new gate)",
        "Red before the climb too:",
        "  lint: two: failed (before: one: failed)",
    ]


def test_a_run_of_something_else_tells_nothing(project: Path, repository: Any) -> None:
    machine = Machine()
    _report(project, "one", "another commit", lint="failed")
    before = last_run(project)
    _report(project, "two", None, lint="failed")

    told = blame(machine, repository, before)  # type: ignore[arg-type]

    assert told == ["Which gates were red before is not known: no network"]
    [copy] = machine.ran
    assert (copy / "tools/gates.toml").exists()


def test_gates_that_did_not_run_blame_nobody(project: Path, repository: Any) -> None:
    _report(project, "one", None, lint="failed")

    assert blame(Machine(), repository, last_run(project)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fault", ["no room for a copy", "no gates in the last commit"], ids=["copy", "plan"]
)
def test_what_cannot_be_known_of_before_is_said(
    fault: str, project: Path, repository: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The climb is in the files then: no traceback may look as if it were not."""
    _report(project, "now", None, lint="failed")
    if fault == "no room for a copy":

        def full(_: Path) -> None:
            raise updates().updating().GitError("unable to write file")

        monkeypatch.setattr(repository, "check_out", full)
    else:
        (project / "tools/gates.toml").write_text("level = 1\n")
        commit_all(project, "edited")

    [said] = blame(Machine(), repository, None)  # type: ignore[arg-type]

    assert said.startswith("Which gates were red before is not known: ")


@pytest.mark.parametrize("fault", [2, OSError("no uv"), ValueError("no network")])
def test_gates_that_do_not_run_after_a_climb(
    fault: int | Exception,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A gate of the owners' that is misspelt ends as wrong usage, of which there was none."""

    class Broken(Machine):
        def check(self, *_: object) -> int:
            if isinstance(fault, Exception):
                raise fault
            return fault

    monkeypatch.setenv("FERRATA_GATES", "on")

    assert run_climbed(Broken(), project) is Exit.RED  # type: ignore[arg-type]

    err = capsys.readouterr().err
    assert "gates: NOT RUN: " in err
    assert "--quick" not in err


@pytest.mark.long
def test_a_test_that_failed_before_is_not_the_climbs(lived_in: Path) -> None:
    """With the gates as they are, and no report of the last commit."""
    (lived_in / "services/team_tasks_api/tests/unit/test_red.py").write_text(
        "def test_red() -> None:\n    raise AssertionError\n"
    )
    commit_all(lived_in, "red")
    command = [sys.executable, "-m", "ferrata", "climb", str(lived_in), "--to", "2"]

    climbed = run(lived_in, *command, FERRATA_GATES="on")

    assert climbed.returncode == 4, climbed.stdout + climbed.stderr
    assert "The climb made red:" not in climbed.stdout
    told = climbed.stdout.partition("Red before the climb too:\n")[2].splitlines()
    assert told[0].startswith("  tests: "), told
    assert told[0].count("1 failed") == 2
    assert "(before: " in told[0]

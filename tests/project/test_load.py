"""The load of a generated system: red for what became slower, and for a target that is missed."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.project.defects import Defect
from tests.project.test_gates import gates
from tests.project.test_running import running
from tests.support import run

pytestmark = [pytest.mark.about("level_3"), pytest.mark.long]
ROUTE = "services/team_tasks_api/src/team_tasks_api/api/v1/tasks.py"
SLOW = Defect(
    name="slow",
    what="A route that waits for nothing.",
    gate="load",
    file=ROUTE,
    old="    page = await ListTasks",
    new="    import asyncio; await asyncio.sleep(0.05)\n    page = await ListTasks",
    named="GET /api/v1/tasks is",
)
HASTE = {"TEST_LOAD_TIME": "5", "TEST_LOAD_USERS": "5"}


@pytest.fixture
def project(installed: Callable[[str], Path]) -> Path:
    project = installed("task_manager@3")
    baseline(project).unlink(missing_ok=True)
    return project


def baseline(project: Path) -> Path:
    return project / "artifacts/reports/load-baseline.json"


@contextmanager
def changed(file: Path, pattern: str, to: str) -> Iterator[None]:
    before = file.read_text("utf-8")
    after = re.sub(pattern, to, before, count=1)
    assert after != before
    file.write_text(after, "utf-8")
    yield
    file.write_text(before, "utf-8")


def test_a_route_that_became_slower_turns_the_gate_red(project: Path) -> None:
    code, report = gates(project, "load")
    assert (code, report["load"]["state"]) == (0, "passed"), report["load"]
    assert report["load"]["figure"].endswith("0 failed; baseline recorded: there was none")
    recorded = json.loads(baseline(project).read_text("utf-8"))["gate"]
    assert len(recorded["routes"]) == 5
    assert {"processor", "processors", "system", "users"} == recorded["conditions"].keys()
    assert {"python", "fastapi", "locust"} <= recorded["versions"].keys()

    with SLOW.injected(project):
        code, report = gates(project, "load")
    assert report["load"]["state"] == "failed"
    log = (project / report["load"]["log"]).read_text("utf-8")
    slower = re.findall(r"^(\w+ \S+) is \d+ % slower than the baseline", log, re.MULTILINE)
    assert slower == ["GET /api/v1/tasks"]
    assert json.loads(baseline(project).read_text("utf-8"))["gate"] == recorded

    code, report = gates(project, "load")
    assert (code, report["load"]["state"]) == (0, "passed"), report["load"]
    assert "than the baseline of" in report["load"]["figure"]


def test_a_target_that_is_missed_turns_make_load_red(project: Path) -> None:
    done = run(project, "make", "load", **HASTE)
    assert done.returncode == 0, done.stderr
    assert "baseline recorded" in done.stdout

    target = project / "tools/requirements.toml"
    baseline(project).unlink()  # so short and so busy, figures are not compared
    with changed(target, r"value = \d+", "value = 1"):
        done = run(project, "make", "load", **HASTE)
    assert done.returncode != 0
    assert re.search(r"the 95th percentile .* is \d+ ms; the target is at most 1 ms", done.stderr)
    assert not baseline(project).exists()


def test_nothing_stays_in_a_system_elsewhere(project: Path) -> None:
    with running(project) as api:
        for told in ("baseline recorded", "the baseline of"):
            done = run(project, "make", "load", TEST_BASE_URL=api, **HASTE)
            assert told in done.stdout, done.stderr
            assert httpx2.get(f"{api}/api/v1/tasks").json()["items"] == []


def test_without_locust_the_gate_has_not_run(project: Path) -> None:
    (project / "locust.py").write_text("raise ImportError('no wheel')\n")
    try:
        code, report = gates(project, "load")
    finally:
        (project / "locust.py").unlink()

    assert code == 4
    assert report["load"]["state"] == "not run"
    assert report["load"]["reason"] == "locust cannot run here: ImportError: no wheel"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"TEST_LOAD_USERS": "many"}, "users must be a whole number above 0, got: many"),
        ({"TEST_LOAD_TIME": "0"}, "time must be a whole number above 0, got: 0"),
        (
            {"TEST_BASE_URL": "http://127.0.0.1:1"},
            "http://127.0.0.1:1/api/v1/tasks does not answer",
        ),
    ],
)
def test_a_mistake_is_told_in_one_line(project: Path, given: dict[str, str], told: str) -> None:
    done = run(project, "make", "load", **given)

    assert done.returncode != 0
    said = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert len(said) == 1
    assert told in said[0]

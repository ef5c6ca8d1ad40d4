"""How often clients ask, and what is made of what they were answered; tests/project has it running."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.about("level_4")
# The project has a package `tests` of its own, hence another process. What starts systems needs the
# packages of the project, and is not there.
BEGIN = """
import json, os, sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
sys.modules |= {{
    "tests.e2e.surface": SimpleNamespace(URL="TEST_BASE_URL"),
    "tests.integration.system": SimpleNamespace(ROOT=Path()),
    "tests.load.measuring": SimpleNamespace(Kind=SimpleNamespace, measure=None),
    "tests.load.system": SimpleNamespace(here=None, elsewhere=None),
}}
from tests.load.figures import seen
from tests.sla import busiest_hour
from tests.sla.busiest_hour import Promised, clients, measured

busiest_hour.REPORT = Path({report!r})
asked, runs = [], []

@contextmanager
def here():
    yield "here"

def measure(loaded, kind):
    asked.append([loaded, kind.users, kind.seconds])
    return seen(kind.users, kind.seconds, runs.pop(0))

def run(took, answers=20, failures=0):
    failed = {{"GET /b": ["500"] * failures}} if failures else {{}}
    return {{"routes": {{"GET /a": [(took, 2)] * answers}}, "failures": failed}}

busiest_hour.here, busiest_hour.measure = here, measure
busiest_hour.elsewhere = lambda url: url
levels = Promised(p95_ms=200, availability_percent=99, requests_per_second=7)
"""


@pytest.fixture
def told(rendered: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Any]:
    """The last line that a script with the project's own modules prints."""

    def told(script: str) -> Any:
        begin = BEGIN.format(report=str(tmp_path / "report.json"))
        done = subprocess.run(
            [sys.executable, "-c", f"{begin}\n{script}"],
            cwd=rendered("task_manager@4"),
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return told


def test_so_many_ask_that_it_is_as_often_as_expected(told: Callable[[str], Any]) -> None:
    # With an answer within 200 ms, each client asks every 1.2 s.
    script = """
rates = [0.1, 7, 100]
print(json.dumps([clients(Promised(200, 99, rate)) for rate in rates]))
"""
    assert told(script) == [5, 9, 120]


def test_the_gate_asks_no_more_often_than_a_machine_bears(told: Callable[[str], Any]) -> None:
    script = """
runs += [run(10), run(10)]
many = Promised(200, 99, 100)
measured(many)
os.environ.update(TEST_BASE_URL="https://staging", TEST_LOAD_TIME="30")
measured(many)
print(json.dumps(asked))
"""
    assert told(script) == [["here", 10, 15], ["https://staging", 120, 30]]


def test_what_is_too_slow_is_measured_again(told: Callable[[str], Any]) -> None:
    script = """
runs += [run(300), run(250), run(150), run(10)]
print(json.dumps([measured(levels).p95_ms, len(asked)]))
"""
    assert told(script) == [150, 3]


def test_a_failure_of_any_run_counts(told: Callable[[str], Any]) -> None:
    script = """
runs += [run(300, failures=1), run(100)]
hour = measured(levels)
print(json.dumps([hour.p95_ms, round(hour.answered_percent, 2), hour.failures]))
"""
    assert told(script) == [100, 97.56, {"GET /b": ["500"]}]


def test_how_busy_the_machine_is_shows_in_the_bare_route(told: Callable[[str], Any]) -> None:
    script = """
runs += [run(100)]
print(json.dumps(measured(levels).bare_ms))
"""
    assert told(script) == 2


def test_what_was_seen_is_written_down(told: Callable[[str], Any], tmp_path: Path) -> None:
    told("runs += [run(100)]\nmeasured(levels)\nprint(1)")

    written = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert written["promised"]["p95_ms"] == 200
    assert written["seen"]["p95_ms"] == 100

"""What the load gate makes of answers; tests/project has it on a system that runs."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.about("level_3")
# The project has a package `tests` of its own, hence another process.
BEGIN = """
import json
from pathlib import Path
from tests.load import baseline, verdict
from tests.load.figures import seen

file = Path({file!r})
baseline.version = lambda package: "1"

def run(**routes):
    named = {{name: [tuple(pair) for pair in pairs] for name, pairs in routes.items()}}
    return seen(1, 10, {{"routes": named, "failures": {{}}}})

def recorded(one, users=1):
    before = baseline.read(file, "gate", baseline.conditions(users))
    baseline.record(file, "gate", one, before, None)
    return baseline.read(file, "gate", baseline.conditions(users))
"""


@pytest.fixture
def told(rendered: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Any]:
    """What a script with the project's own modules prints."""

    def told(script: str) -> Any:
        begin = BEGIN.format(file=str(tmp_path / "baseline.json"))
        done = subprocess.run(
            [sys.executable, "-c", f"{begin}\n{script}"],
            cwd=rendered("task_manager@3"),
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return told


def test_a_route_is_compared_with_the_bare_one_of_the_same_moment(
    told: Callable[[str], Any],
) -> None:
    # Twice as slow, and so is everything else: no route became slower.
    script = """
quick, busy = run(a=[(4, 2)] * 20), run(a=[(8, 4)] * 20)
print(json.dumps([busy.routes["a"].ratio, baseline.slower(recorded(quick), busy)]))
"""
    assert told(script) == [2, {"a": 0}]


def test_what_became_slower_is_named(told: Callable[[str], Any]) -> None:
    script = """
before = recorded(run(a=[(4, 2)] * 20, b=[(4, 2)] * 20))
now = run(a=[(5.2, 2)] * 20, b=[(4.8, 2)] * 20)
changes = baseline.slower(before, now)
summary = verdict.summary(now, before, changes, recorded=False)
print(json.dumps([list(verdict.problems_of(now, changes, 25, None)), summary]))
"""
    problems, summary = told(script)
    assert len(problems) == 1
    assert problems[0].startswith("a is 30 % slower than the baseline, more than 25 %")
    assert "2 routes, 40 answers, 0 failed; at most 30 % slower than the baseline of" in summary


def test_of_two_runs_the_better_counts_and_the_worse_is_recorded(
    told: Callable[[str], Any],
) -> None:
    script = """
first, second = run(a=[(9, 2)] * 9, b=[(4, 2)] * 9), run(a=[(4, 2)] * 9, b=[(9, 2)] * 9)
chosen = baseline.better(first, second), baseline.worse(first, second)
print(json.dumps([[route.ratio for route in one.routes.values()] for one in chosen]))
"""
    assert told(script) == [[2, 2], [4.5, 4.5]]


def test_the_baseline_stays_and_takes_in_what_is_new(told: Callable[[str], Any]) -> None:
    script = """
recorded(run(a=[(4, 2)] * 20))
print(json.dumps(recorded(run(a=[(4.5, 2)] * 20, b=[(6, 2)] * 20)).levels))
"""
    assert told(script) == {"a": 2, "b": 3}


def test_a_baseline_of_other_conditions_is_replaced(told: Callable[[str], Any]) -> None:
    script = """
recorded(run(a=[(4, 2)] * 20))
before = baseline.read(file, "gate", baseline.conditions(9))
now = run(a=[(8, 2)] * 20)
print(json.dumps([before.why, verdict.summary(now, before, {}, recorded=True)]))
"""
    why, summary = told(script)
    assert why == "the last one is of other conditions (users)"
    assert summary.endswith(f"baseline recorded: {why}")


def test_a_route_with_few_answers_is_not_compared_and_that_is_said(
    told: Callable[[str], Any],
) -> None:
    script = """
before = recorded(run(a=[(4, 2)] * 20, b=[(4, 2)] * 20))
now = run(a=[(8, 2)] * 9, b=[(4, 2)] * 20)
changes = baseline.slower(before, now)
print(json.dumps([changes, verdict.summary(now, before, changes, recorded=True)]))
"""
    changes, summary = told(script)
    assert changes == {"b": 0}
    assert "; 1 of them are compared, and no slower than the baseline of" in summary


def test_without_a_bare_route_milliseconds_are_compared(told: Callable[[str], Any]) -> None:
    script = """
before = recorded(run(a=[(4, 0)] * 20))
print(json.dumps(baseline.slower(before, run(a=[(8, 0)] * 20))))
"""
    assert told(script) == {"a": 100}


def test_a_target_and_what_failed_are_told(told: Callable[[str], Any]) -> None:
    script = """
now = seen(1, 10, {"routes": {"a": [(300, 0)] * 20}, "failures": {"GET /x": ["500", "500"]}})
print(json.dumps(list(verdict.problems_of(now, {}, 25, 200))))
"""
    assert told(script) == [
        "GET /x failed 2 times: 500",
        "the 95th percentile of all answers is 300 ms; the target is at most 200 ms",
    ]

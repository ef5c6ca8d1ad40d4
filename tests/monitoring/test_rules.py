"""The rules on a real promtool, whatever is promised; and Alertmanager's file on a real amtool."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import answers_of, render


def checked(project: Path, *command: str) -> None:
    done = subprocess.run(
        command, cwd=project / "deploy", check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.about("level_3", "workers", "redis")
@pytest.mark.needs("promtool")
@pytest.mark.parametrize(
    ("availability", "p95"),
    [
        pytest.param(99.95, 300, id="usual"),
        pytest.param(100, 1, id="nothing may fail", marks=pytest.mark.long),
        pytest.param(0, 60_000, id="everything may fail", marks=pytest.mark.long),
        pytest.param(90, 1000, id="a tenth may fail", marks=pytest.mark.long),
    ],
)
def test_rules_hold_whatever_is_promised(
    template: Path, tmp_path: Path, availability: float, p95: int
) -> None:
    answers: dict[str, Any] = answers_of("task_manager@3+workers+redis")
    targets = {"availability_percent": availability, "p95_latency_ms": p95}
    answers["non_functional"] = {**answers["non_functional"], **targets}

    project = render(template, answers, tmp_path / "project")

    tests = sorted(str(file) for file in project.glob("deploy/prometheus/tests/*.yml"))
    assert len(tests) == 9
    checked(project, "promtool", "check", "config", "prometheus/prometheus.yml")
    checked(project, "promtool", "test", "rules", *tests)


@pytest.mark.about("level_3")
@pytest.mark.needs("amtool")
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["severity=page", "alertname=ServiceDown"], "team"),
        (["severity=ticket", "alertname=InstanceDown"], "team"),
        (["severity=none", "alertname=Watchdog"], "nobody"),
        (["alertname=OfTheOwners"], "team"),
    ],
)
def test_alerts_reach_who_should_know(
    rendered: Callable[[str], Path], labels: list[str], receiver: str
) -> None:
    file = "--config.file=alertmanager/alertmanager.yml"
    wanted = f"--verify.receivers={receiver}"

    checked(rendered("task_manager@3"), "amtool", "config", "routes", "test", file, wanted, *labels)

"""Prometheus is away: `make dev` says so, and runs without it; deploy/prometheus/tests has the rest."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.about("level_3")
RUN = """
from pathlib import Path
from tools.dev.servers.prometheus import run

with run(None, Path.cwd()) as connection:
    print(repr(connection.url), connection.description)
"""


@pytest.mark.parametrize(
    ("version", "told"),
    [
        (None, "'' does not run: prometheus is not installed"),
        ("2.42.0", "/bin/prometheus is version 2.42; 2.45 is needed"),
    ],
)
def test_a_system_runs_without_prometheus(
    rendered: Callable[[str], Path], tmp_path: Path, version: str | None, told: str
) -> None:
    project, programs = tmp_path / "project", tmp_path / "bin"
    shutil.copytree(rendered("task_manager@3"), project)
    programs.mkdir()
    if version:
        stand_in = programs / "prometheus"
        stand_in.write_text(f"#!/bin/sh\necho 'prometheus, version {version}'\n")
        stand_in.chmod(0o755)

    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=project,
        env={"PATH": str(programs)},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("'' does not run: ")
    assert done.stdout.endswith(f"{told}\n")

"""The everyday tests are chosen by default; a time box ends a run without hiding anything."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support import ROOT

FAST, SLOW = "def test_1(): pass\n", "import time\ndef test_1(): time.sleep(0.2)\n"
TESTS = """
import pytest

def test_everyday(): pass

@pytest.mark.long
def test_long(): pass

@pytest.mark.docker
def test_docker(): pass
"""


def pytest_of(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of a folder with the options of this repository."""
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    long\n    docker\n")
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "tests.choosing", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_marked_tests_run_on_demand_only(tmp_path: Path) -> None:
    (tmp_path / "test_all.py").write_text(TESTS)

    assert "1 passed, 2 deselected" in pytest_of(tmp_path).stdout
    assert "1 passed, 2 deselected" in pytest_of(tmp_path, "-m", "long").stdout
    assert "2 passed, 1 deselected" in pytest_of(tmp_path, "-m", "not docker").stdout


def test_a_time_box_counts_what_was_not_started(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(SLOW)
    (tmp_path / "test_b.py").write_text(FAST)

    run = pytest_of(tmp_path, "--time-box", "0.001")

    assert run.returncode == 0, run.stdout
    assert "time box of 0.001 minutes: 1 of the chosen tests were NOT STARTED" in run.stdout
    assert "1 passed, 1 skipped" in run.stdout
    assert "every chosen test ran" in pytest_of(tmp_path, "--time-box", "1").stdout


def test_a_failure_inside_of_a_time_box_is_one(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(SLOW.replace("0.2)", "0.2); assert False"))
    (tmp_path / "test_b.py").write_text(FAST)

    run = pytest_of(tmp_path, "--time-box", "0.001")

    assert run.returncode == 1
    assert "1 failed, 1 skipped" in run.stdout


def test_a_time_box_takes_files_in_turns(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("def test_1(): pass\ndef test_2(): pass\n")
    (tmp_path / "test_b.py").write_text("def test_1(): pass\n")

    told = pytest_of(tmp_path, "--time-box", "1", "-vv").stdout

    names = ["test_a.py::test_1", "test_b.py::test_1", "test_a.py::test_2"]
    assert sorted(names, key=told.index) == names

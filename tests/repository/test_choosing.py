"""The everyday tests are chosen by default; a time box ends a run without hiding anything."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.choosing import REQUIRE
from tests.support import ROOT, commit_all, git
from tests.without import WITHOUT

FAST, SLOW = "def test_1(): pass\n", "import time\ndef test_1(): time.sleep(0.2)\n"
TESTS = """
import pytest

def test_everyday(): pass

@pytest.mark.long
def test_long(): pass

@pytest.mark.docker
def test_docker(): pass
"""


def pytest_of(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of a folder with the options of this repository."""
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    long\n    docker\n")
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "tests.choosing", *arguments]
    own = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_XDIST")}
    own |= {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", REQUIRE: ""}
    return subprocess.run(
        command, cwd=folder, env=own | variables, capture_output=True, text=True, check=False
    )


def test_marked_tests_run_on_demand_only(tmp_path: Path) -> None:
    (tmp_path / "test_all.py").write_text(TESTS)

    assert "1 passed, 2 deselected" in pytest_of(tmp_path).stdout
    assert "1 passed, 2 deselected" in pytest_of(tmp_path, "-m", "long").stdout
    assert "2 passed, 1 deselected" in pytest_of(tmp_path, "-m", "not docker").stdout


def test_what_is_about_a_layer_goes_with_it(tmp_path: Path) -> None:
    about = "import pytest\n@pytest.mark.about('level_1', 'gone')\ndef test_both(): pass\n"
    (tmp_path / "test_a.py").write_text(about + FAST)

    assert "1 passed, 1 deselected" in pytest_of(tmp_path, **{WITHOUT: "gone,lost"}).stdout
    assert "about gone, which is no layer" in pytest_of(tmp_path).stderr
    (tmp_path / "test_a.py").write_text(about.replace("gone", "level_1") + FAST)
    assert "2 passed" in pytest_of(tmp_path).stdout


def test_a_time_box_counts_what_was_not_started(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(SLOW)
    (tmp_path / "test_b.py").write_text(FAST)

    run = pytest_of(tmp_path, "--time-box", "0.001")

    assert run.returncode == 0, run.stdout
    assert re.search(
        "time box of 0.001 minutes, .*: 1 of the chosen tests were NOT STARTED", run.stdout
    )
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


ALL_PROCESSES = ("-p", "xdist.plugin", "-n", "2", "--dist", "load", "--maxschedchunk", "1")


def test_a_time_box_holds_for_all_processes_together(tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / f"test_{name}.py").write_text(FAST)

    none = pytest_of(tmp_path, *ALL_PROCESSES, "--time-box", "0")
    every = pytest_of(tmp_path, *ALL_PROCESSES, "--time-box", "2")

    assert none.returncode == every.returncode == 0, none.stdout + every.stdout
    assert "4 of the chosen tests were NOT STARTED" in none.stdout
    assert "4 skipped" in none.stdout
    assert "every chosen test ran" in every.stdout
    assert "4 passed" in every.stdout


def test_a_failure_in_one_of_the_processes_is_one(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("def test_1(): assert False\n")
    (tmp_path / "test_b.py").write_text(FAST)

    run = pytest_of(tmp_path, *ALL_PROCESSES, "--time-box", "2")

    assert run.returncode == 1
    assert "1 failed, 1 passed" in run.stdout.splitlines()[-1]


def test_the_next_commit_begins_with_the_next(tmp_path: Path) -> None:
    tests = "".join(f"def test_{n}(): pass\n" for n in range(7))
    for name in "abc":
        (tmp_path / f"test_{name}.py").write_text(tests)
    git(tmp_path, "init", "--quiet")

    for turn in (1, 2):
        commit_all(tmp_path, f"commit {turn}")
        told = pytest_of(tmp_path, "--time-box", "1", "-vv", "--no-header").stdout

        ran = re.findall(r"^test_(\w)\.py::test_(\d)", told, re.MULTILINE)
        first = "abc"[turn % 3]
        assert f"turn {turn}: every chosen test ran" in told
        assert ran[0] == (first, str(turn))
        assert [test for file, test in ran if file == first] == [
            str((turn + n) % 7) for n in range(7)
        ]
        assert len(set(ran)) == 21
        assert {file for file, _ in ran[:3]} == {"a", "b", "c"}


def test_what_is_not_installed_is_skipped_or_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(
        "import pytest\n\n@pytest.mark.needs('no-such-program')\ndef test_1(): pass\n"
        "\n@pytest.mark.needs('git')\ndef test_2(): pass\n"
    )

    skipped = pytest_of(tmp_path)
    required = pytest_of(tmp_path, **{REQUIRE: "1"})

    assert "1 passed, 1 skipped" in skipped.stdout
    assert "no-such-program is not installed" in skipped.stdout
    assert "1 passed, 1 error" in required.stdout
    assert f"no-such-program is not installed, and {REQUIRE} is set" in required.stdout
    assert required.returncode == 1


CASES = """
import pytest

@pytest.mark.in_turns(2)
@pytest.mark.parametrize("case", range(5))
def test_some(case): print("case", case)

@pytest.mark.in_turns(2)
def test_one(): pass

@pytest.mark.in_turns(1, group="several")
def test_first(): pass

@pytest.mark.in_turns(1, group="several")
def test_second(): pass
"""


def test_cases_take_turns(tmp_path: Path) -> None:
    (tmp_path / "test_all.py").write_text(CASES)
    git(tmp_path, "init", "--quiet")
    due: set[str] = set()
    # Two of five: all of them within three commits.
    for number in range(3):
        commit_all(tmp_path, f"commit {number}")
        done = pytest_of(tmp_path, "-s")
        assert "4 passed, 4 deselected" in done.stdout
        due.update(re.findall(r"case (\d)", done.stdout))
    assert due == set("01234")
    assert "4 passed, 4 deselected" in pytest_of(tmp_path, "-m", "long").stdout
    assert "8 passed" in pytest_of(tmp_path, "-m", "not docker").stdout

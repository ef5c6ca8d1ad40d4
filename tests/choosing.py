"""Which tests run: the long ones and those with Docker when they are asked for; a time box."""

import os
import shutil
import subprocess
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

ON_DEMAND = ("docker", "long")
END, COMMIT = pytest.StashKey[float](), pytest.StashKey[str]()
NOT_STARTED = "not started: the time box was over"
# Set where everything is installed: what is missing fails then, and is not skipped.
REQUIRE = "FERRATA_REQUIRE_ALL"


def missing(what: str) -> None:
    """Skip a test for something that is not on this machine, or fail it where all must be."""
    if os.environ.get(REQUIRE):
        pytest.fail(f"{what}, and {REQUIRE} is set", pytrace=False)
    pytest.skip(what)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--time-box",
        type=float,
        metavar="MINUTES",
        help="start no more tests after that long, and say how many were not started",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(program): skipped where the program is missing")
    if config.getoption("--time-box") is None:
        return
    # With xdist, every process has the commit and the end of the one that started it.
    given: dict[str, Any] = getattr(config, "workerinput", {}).get("time_box", {})
    config.stash[COMMIT] = given.get("commit") or _commit(config.rootpath)
    if "end" in given:
        config.stash[END] = given["end"]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of xdist when the time box is over."""
    minutes = node.config.getoption("--time-box")
    if minutes is not None:
        stash = node.config.stash
        # The clock of the machine: a monotonic one need not be the same in all processes.
        end = stash.setdefault(END, time.time() + minutes * 60)
        node.workerinput["time_box"] = {"commit": stash[COMMIT], "end": end}


def _commit(folder: Path) -> str:
    """The commit that is tested; zeros outside of Git."""
    command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "0" * 40


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what runs on demand only, unless `-m` says which tests to run."""
    if not config.option.markexpr:
        chosen = [item for item in items if not any(map(item.get_closest_marker, ON_DEMAND))]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen
    if config.getoption("--time-box") is not None:
        items[:] = _in_turns(items, int(config.stash[COMMIT][:8], 16))


def _in_turns(items: list[pytest.Item], turn: int) -> list[pytest.Item]:
    """One test of each file, then the next of each, so that a time box has all kinds.

    Which file is the first, and which test of each, follows from `turn`: every commit begins
    somewhere else, so that none is left out for ever.
    """
    of_files = defaultdict[Path, list[pytest.Item]](list)
    for item in items:
        of_files[item.path].append(item)
    files = [_turned(found, turn) for found in _turned(list(of_files.values()), turn)]
    rounds = range(max(map(len, files), default=0))
    return [found[n] for n in rounds for found in files if n < len(found)]


def _turned(several: list[Any], turn: int) -> list[Any]:
    start = turn % len(several) if several else 0
    return several[start:] + several[:start]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what would begin after the end of the time box, and what needs a program."""
    minutes = item.config.getoption("--time-box")
    if minutes is not None:
        end = item.config.stash.setdefault(END, time.time() + minutes * 60)
        if time.time() > end:
            pytest.skip(NOT_STARTED)
    for needed in item.iter_markers("needs"):
        for program in needed.args:
            if shutil.which(program) is None:
                missing(f"{program} is not installed")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what the time box left out."""
    minutes = config.getoption("--time-box")
    if minutes is None:
        return
    skipped = terminalreporter.stats.get("skipped", [])
    left = sum(NOT_STARTED in str(report.longrepr) for report in skipped)
    told = f"{left} of the chosen tests were NOT STARTED" if left else "every chosen test ran"
    terminalreporter.write_line(
        f"time box of {minutes:g} minutes, begun where commit {config.stash[COMMIT][:8]} says: {told}"
    )

"""Which tests run: the long ones and those with Docker when they are asked for; a time box."""

import os
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.programs import lacking
from tests.without import taken_away

ON_DEMAND = ("docker", "long")
LAYERS = {path.stem for path in Path(__file__).parents[1].glob("schemas/catalog/layers/*.yml")}
END, TURN = pytest.StashKey[float](), pytest.StashKey[int]()
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
    config.addinivalue_line(
        "markers",
        "in_turns(number, group): that many cases of a test, or of the tests of a group in a folder,"
        " are everyday tests, the others long ones",
    )
    config.addinivalue_line("markers", "about(layers): left out where one of them was taken away")
    # With xdist, every process has the turn and the end of the one that started it.
    given: dict[str, Any] = getattr(config, "workerinput", {}).get("choosing", {})
    config.stash[TURN] = given["turn"] if "turn" in given else _turn(config.rootpath)
    if "end" in given:
        config.stash[END] = given["end"]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of xdist what is tested, and when the time box is over."""
    minutes = node.config.getoption("--time-box")
    stash = node.config.stash
    node.workerinput["choosing"] = {"turn": stash[TURN]}
    if minutes is not None:
        # The clock of the machine: a monotonic one need not be the same in all processes.
        node.workerinput["choosing"]["end"] = stash.setdefault(END, time.time() + minutes * 60)


def _turn(folder: Path) -> int:
    """How many commits there are: each one is the next turn. None outside of Git."""
    command = ["git", "-C", str(folder), "rev-list", "--count", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(done.stdout) if done.returncode == 0 else 0


@pytest.hookimpl(tryfirst=True, specname="pytest_collection_modifyitems")
def pytest_give_turns(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of tests that take turns, mark the cases as long ones that are not due at this commit.

    So the everyday tests do not grow with the levels and modules there are. Of 30 cases of which 5
    are due, each one is due once in 6 commits at the least.
    """
    cases = defaultdict[str, list[pytest.Item]](list)
    for item in items:
        marker = item.get_closest_marker("in_turns")
        if marker and not item.get_closest_marker("long"):
            group = marker.kwargs.get("group")
            # Not beyond a folder: jobs run the tests of one each, and must agree on what is due.
            one = f"{item.path.parent}: {group}" if group else item.nodeid.partition("[")[0]
            cases[one].append(item)
    for test in cases.values():
        (number,) = test[0].get_closest_marker("in_turns").args
        due = _due(len(test), number, config.stash[TURN])
        for place, item in enumerate(test):
            if place not in due:
                item.add_marker(pytest.mark.long)


def _due(cases: int, number: int, turn: int) -> set[int]:
    """The places of those that are due: far from each other, and the next ones at the next turn."""
    number = min(number, cases)
    return {(turn + case * cases // number) % cases for case in range(number)}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what runs on demand only, unless `-m` says which tests to run."""
    _leave_out(config, items, lambda item: bool(_taken_away(item)))
    if not config.option.markexpr:
        _leave_out(config, items, lambda item: any(map(item.get_closest_marker, ON_DEMAND)))
    if config.getoption("--time-box") is not None:
        items[:] = _in_turns(items, config.stash[TURN])


def _leave_out(
    config: pytest.Config, items: list[pytest.Item], unwanted: Callable[[pytest.Item], bool]
) -> None:
    left = {item for item in items if unwanted(item)}
    config.hook.pytest_deselected(items=[*left])
    items[:] = [item for item in items if item not in left]


def _taken_away(item: pytest.Item) -> set[str]:
    """The layers that a test is about and that are not there."""
    gone = {layer for marker in item.iter_markers("about") for layer in marker.args} - LAYERS
    unknown = gone - taken_away()
    if unknown:
        raise pytest.UsageError(f"{item.nodeid} is about {', '.join(unknown)}, which is no layer")
    return gone


def _in_turns(items: list[pytest.Item], turn: int) -> list[pytest.Item]:
    """One test of each file, then the next of each, so that a time box has all kinds.

    Which file is the first, and which test of each, follows from `turn`: the next commit begins
    with the next one, so that none is left out for ever.
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
            if said := lacking(program):
                missing(said)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what the time box left out."""
    minutes = config.getoption("--time-box")
    if minutes is None:
        return
    skipped = terminalreporter.stats.get("skipped", [])
    left = sum(NOT_STARTED in str(report.longrepr) for report in skipped)
    told = f"{left} of the chosen tests were NOT STARTED" if left else "every chosen test ran"
    terminalreporter.write_line(
        f"time box of {minutes:g} minutes, turn {config.stash[TURN]}: {told}"
    )

"""Which tests run: the long ones and those with Docker when they are asked for; a time box."""

import time
from collections import defaultdict
from pathlib import Path

import pytest

ON_DEMAND = ("docker", "long")
END, LEFT = pytest.StashKey[float](), pytest.StashKey[list[str]]()
NOT_STARTED = "not started: the time box was over"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--time-box",
        type=float,
        metavar="MINUTES",
        help="start no more tests that long after the first, and say how many were not started",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEFT] = []


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what runs on demand only, unless `-m` says which tests to run."""
    if not config.option.markexpr:
        chosen = [item for item in items if not any(map(item.get_closest_marker, ON_DEMAND))]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen
    if config.getoption("--time-box"):
        items[:] = _in_turns(items)


def _in_turns(items: list[pytest.Item]) -> list[pytest.Item]:
    """The first test of each file, then the second of each, so that a time box has all kinds."""
    seen = defaultdict[Path, int](int)
    turns: list[int] = []
    for item in items:
        turns.append(seen[item.path])
        seen[item.path] += 1
    return [item for _, item in sorted(zip(turns, items, strict=True), key=lambda pair: pair[0])]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what would begin after the end of the time box; what runs may end."""
    minutes = item.config.getoption("--time-box")
    if minutes is None:
        return
    stash = item.config.stash
    if time.monotonic() > stash.setdefault(END, time.monotonic() + minutes * 60):
        stash[LEFT].append(item.nodeid)
        pytest.skip(NOT_STARTED)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what the time box left out."""
    minutes = config.getoption("--time-box")
    if minutes is None:
        return
    left = len(config.stash[LEFT])
    told = f"{left} of the chosen tests were NOT STARTED" if left else "every chosen test ran"
    terminalreporter.write_line(f"time box of {minutes:g} minutes: {told}")

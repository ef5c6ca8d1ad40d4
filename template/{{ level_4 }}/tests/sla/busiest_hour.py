"""What clients are answered while as many requests come as in the busiest hour that is expected."""

import json
import math
import os
import sys
from contextlib import nullcontext
from dataclasses import asdict, dataclass

from tools.check.plan import FILE as REQUIREMENTS
from tools.common import UsageError, say, write_atomically
from tools.common.code import REPORTS
from tools.common.tables import Table, load

from tests.e2e.surface import URL
from tests.integration.system import ROOT
from tests.load.figures import Seen
from tests.load.measuring import Kind, measure
from tests.load.system import elsewhere, here

REPORT = REPORTS / "service-levels.json"
TIME = "TEST_LOAD_TIME"
HERE_S, ELSEWHERE_S = 15, 60
"""How long clients ask, in seconds: the system of the gate, and one that runs."""
MOST_HERE = 10
"""Clients of the gate; more would show what this machine can bear."""
FEWEST = 5
RUNS = 3
"""So often is the system of the gate measured before it is said to be too slow."""


@dataclass(frozen=True)
class Promised:
    """The service levels of the answers."""

    p95_ms: float
    availability_percent: float
    requests_per_second: float
    """Of the busiest hour."""


@dataclass(frozen=True)
class Hour:
    """What was seen of it; where it was measured several times, the fastest counts."""

    clients: int
    requests_per_second: float
    p95_ms: float
    answered_percent: float
    failures: dict[str, list[str]]
    bare_ms: float | None
    """What a bare route took beside it, in the middle: it tells how busy the machine is."""


def promised() -> Promised:
    """Read the targets, and which share of a day its busiest hour has."""
    targets = load(ROOT / REQUIREMENTS).table("targets")
    per_day = targets.table("expected_requests_per_day").number("value")
    percent = _settings().number("busiest_hour_percent", 10)
    return Promised(
        p95_ms=targets.table("p95_latency_ms").number("value"),
        availability_percent=targets.table("availability_percent").number("value"),
        requests_per_second=per_day * percent / 100 / 3600,
    )


def _settings() -> Table:
    """Read what the owners set: the table [tool.sla] of pyproject.toml."""
    settings = load(ROOT / "pyproject.toml").table("tool").table("sla")
    settings.allow("busiest_hour_percent")
    return settings


def clients(levels: Promised, *, at_most: float = math.inf) -> int:
    """Count the clients that ask so often together: each one a second after its last answer."""
    needed = math.ceil(levels.requests_per_second * (1 + levels.p95_ms / 1000))
    return int(min(max(needed, FEWEST), at_most))


def measured(levels: Promised) -> Hour:
    """Let the clients ask, here or where the system runs, and write down what was seen."""
    url = os.environ.get(URL, "")
    many = clients(levels, at_most=math.inf if url else MOST_HERE)
    kind = Kind(users=many, seconds=_seconds(ELSEWHERE_S if url else HERE_S))
    runs: list[Seen] = []
    with nullcontext(elsewhere(url)) if url else here() as loaded:
        while not runs or (not url and len(runs) < RUNS and _fastest(runs) > levels.p95_ms):
            runs.append(measure(loaded, kind))
    hour = _hour(runs, kind)
    report = {"promised": asdict(levels), "seen": asdict(hour)}
    write_atomically(ROOT / REPORT, json.dumps(report, indent=2) + "\n")
    say(_told(levels, hour), sys.stdout)
    return hour


def _seconds(otherwise: float) -> float:
    text = os.environ.get(TIME, "")
    if text and not (text.isdecimal() and int(text)):
        raise UsageError(f"time must be a whole number above 0, got: {text}")
    return int(text) if text else otherwise


def _fastest(runs: list[Seen]) -> float:
    return min(run.p95_ms for run in runs)


def _hour(runs: list[Seen], kind: Kind) -> Hour:
    answered = sum(run.answers for run in runs)
    failures: dict[str, list[str]] = {}
    for run in runs:
        for route, texts in run.failures.items():
            failures.setdefault(route, []).extend(texts)
    failed = sum(map(len, failures.values()))
    bare = [one.median_ms / one.ratio for run in runs for one in run.routes.values() if one.ratio]
    return Hour(
        clients=kind.users,
        requests_per_second=(answered + failed) / (kind.seconds * len(runs)),
        p95_ms=_fastest(runs),
        answered_percent=100 * answered / (answered + failed),
        failures=failures,
        bare_ms=min(bare, default=None),
    )


def _told(levels: Promised, hour: Hour) -> str:
    return (
        f"{hour.requests_per_second:.1f} requests a second by {hour.clients} clients, "
        f"{levels.requests_per_second:.1f} expected; 95 % answered within {hour.p95_ms:.0f} ms, "
        f"{levels.p95_ms:g} ms promised; {hour.answered_percent:g} % answered, "
        f"{levels.availability_percent:g} % promised"
    )

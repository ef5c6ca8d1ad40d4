"""What the higher levels cost: the same endpoints under the same load, level beside level."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from figures import Figure, plain
from generation import BIN, tools
from load import BODY, Endpoint, Round, fastest, wrk
from system import Served, served
from timing import call
from working_tree import ANSWERS, committed

LEVELS = (1, 3, 4)
CONNECTIONS, ROUNDS, ROUND_S, WARM_UP_S = 32, 3, 4, 2
MOST_LOST_PERCENT = {4: 35}


@dataclass(frozen=True)
class Level:
    """One that runs, and how much memory its two services took before the load."""

    project: Path
    served: Served
    idle: float

    def headers(self) -> list[str]:
        """Say who asks, where a level wants to know; a token is good for some minutes."""
        if not (self.project / "tools/dev/identity.py").exists():
            return []
        command = [self.project / ".venv/bin/python", "-m", "tools.dev.identity"]
        done = subprocess.run(
            command, cwd=self.project, check=True, capture_output=True, encoding="utf-8"
        )
        return [f"Authorization: Bearer {done.stdout.strip()}"]

    def load(self, endpoint: Endpoint, seconds: int) -> Round:
        """Ask an endpoint for some time."""
        url, database = self.served.url, self.served.database
        return wrk(database, url, endpoint, CONNECTIONS, seconds, self.headers())


def measure(scratch: Path) -> list[Figure]:
    """Load the task manager at each level in turns, so that all see the same machine."""
    folder = scratch / "levels"
    (folder / "template").mkdir(parents=True)
    template = committed(folder / "template")
    with ExitStack() as stack:
        levels = {level: _started(template, folder, level, stack) for level in LEVELS}
        return list(_figures(levels))


def _started(template: Path, folder: Path, level: int, stack: ExitStack) -> Level:
    project = folder / f"level-{level}"
    new: list[str | Path] = [BIN / "ferrata", "new", project, "--answers", ANSWERS, "--no-gates"]
    call([*new, "--template", template, "--set", f"level={level}"], folder, tools())
    call(["uv", "sync", "--all-packages", "--quiet"], project, tools())
    # Level 4 has Redis, and would answer the same list from its cache.
    running = stack.enter_context(served(project, folder / f"level-{level}.log", CACHE_TTL="0"))
    return Level(project, running, running.memory())


def _figures(levels: dict[int, Level]) -> Iterator[Figure]:
    for endpoint in (Endpoint("list 20"), Endpoint("create", body=BODY)):
        for level in levels.values():
            level.load(endpoint, WARM_UP_S)
        rounds = [
            {number: level.load(endpoint, ROUND_S) for number, level in levels.items()}
            for _ in range(ROUNDS)
        ]
        best = {number: fastest([turn[number] for turn in rounds]) for number in levels}
        for number, seen in best.items():
            yield _figure(endpoint, number, seen, best[LEVELS[0]])
    for number, level in levels.items():
        yield plain(
            f"memory of both services before the load, level {number}", f"{level.idle:.0f} MB"
        )


def _figure(endpoint: Endpoint, level: int, seen: Round, lowest: Round) -> Figure:
    what, measured = f"{endpoint.name}, level {level}", f"{seen.a_second:,.0f} a second"
    if level == LEVELS[0]:
        return plain(what, measured)
    lost = (1 - seen.a_second / lowest.a_second) * 100
    told = f"{lost:.0f} % less than level {LEVELS[0]}; p95 {seen.p95:.0f} ms"
    if level not in MOST_LOST_PERCENT or seen.failed:
        return plain(what, measured, f"{told}; {seen.failed} failed" if seen.failed else told)
    most = MOST_LOST_PERCENT[level]
    return Figure(what, f"<= {most} % less", measured, told, holds=lost <= most)

"""The generated API under load, beside a bare application with the same endpoints."""

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from system import BENCH, LOAD_CORE, Database, System, running

CONNECTIONS = (32, 100)
BODY = '{"title": "A task of the load test", "priority": 2}'
ROUNDS, ROUND_S = 3, 4
WARM_UP_S = 2
CHECKED_CREATES = 1000


@dataclass(frozen=True)
class Round:
    """What one run of wrk saw; times in milliseconds."""

    a_second: float
    p50: float
    p95: float
    p99: float
    succeeded: int
    failed: int
    rows: int  # added to the table meanwhile

    @property
    def tail(self) -> float:
        """How much longer the slowest hundredth takes than the middle."""
        return self.p99 / self.p50


Turns = list[tuple[Round, Round]]


@dataclass(frozen=True)
class Compared:
    """One endpoint at one number of connections: the best round of each side."""

    endpoint: str
    connections: int
    yardstick: Round
    generated: Round

    @property
    def ratio(self) -> float:
        """The throughput as a part of the yardstick's."""
        return self.generated.a_second / self.yardstick.a_second


@dataclass(frozen=True)
class Load:
    """Everything that was seen."""

    compared: list[Compared]
    failed: int
    memory_before: float
    memory_after: float
    created: int
    lost: int


@dataclass(frozen=True)
class Endpoint:
    """One operation of the API."""

    name: str
    path: str = ""
    body: str | None = None


def missing() -> str:
    """Say what has to be installed for this, empty if nothing."""
    tools = [name for name in ("wrk", "taskset") if shutil.which(name) is None]
    return (
        f"{' and '.join(tools)} not found; on Debian: apt install wrk util-linux" if tools else ""
    )


def measure(project: Path, scratch: Path) -> Load:
    """Load every endpoint, in turns with the yardstick, so that both see the same machine."""
    with running(project, scratch) as system:
        known = system.database.query("SELECT id FROM tasks LIMIT 1")
        endpoints = [
            Endpoint("list 20"),
            Endpoint("get", f"/{known}"),
            Endpoint("create", body=BODY),
        ]
        for endpoint in endpoints:
            for url in (system.yardstick, system.generated):
                wrk(system.database, url, endpoint, max(CONNECTIONS), WARM_UP_S)
        before = system.memory()
        seen = [
            _in_turns(system, endpoint, connections)
            for connections in CONNECTIONS
            for endpoint in endpoints
        ]
        after = system.memory()
        generated = [turn for _, turns in seen for _, turn in turns]
        creates = [
            turn for (endpoint, _), turns in seen if endpoint == "create" for _, turn in turns
        ]
        lost = sum(max(0, turn.succeeded - turn.rows) for turn in creates)
        return Load(
            compared=[_best(*name, turns) for name, turns in seen],
            failed=sum(turn.failed for turn in generated),
            memory_before=before,
            memory_after=after,
            created=sum(turn.succeeded for turn in creates) + CHECKED_CREATES,
            lost=lost + _lost(system),
        )


def _in_turns(
    system: System, endpoint: Endpoint, connections: int
) -> tuple[tuple[str, int], Turns]:
    turns = [
        (
            wrk(system.database, system.yardstick, endpoint, connections, ROUND_S),
            wrk(system.database, system.generated, endpoint, connections, ROUND_S),
        )
        for _ in range(ROUNDS)
    ]
    return (endpoint.name, connections), turns


def _best(endpoint: str, connections: int, turns: Turns) -> Compared:
    yardsticks, generated = zip(*turns, strict=True)
    return Compared(endpoint, connections, fastest(yardsticks), fastest(generated))


def fastest(rounds: Sequence[Round]) -> Round:
    """The one with most answers: the others were disturbed."""
    return max(rounds, key=lambda one: one.a_second)


def wrk(
    database: Database,
    url: str,
    endpoint: Endpoint,
    connections: int,
    seconds: int,
    headers: Sequence[str] = (),
) -> Round:
    """Run wrk on the core of the database."""
    command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    command += ["--timeout", "10s"]  # slow is seen in p99; this is for no answer at all
    command += [word for header in headers for word in ("-H", header)]
    command += ["-s", str(BENCH / "load.lua"), f"{url}{endpoint.path}"]
    command += ["--", endpoint.body] if endpoint.body else []
    before = _rows(database)
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    seen = json.loads(done.stdout.splitlines()[-1])
    failed = seen["refused"] + seen["broken"]
    return Round(
        a_second=seen["requests"] / seen["microseconds"] * 1e6,
        p50=seen["p50"] / 1000,
        p95=seen["p95"] / 1000,
        p99=seen["p99"] / 1000,
        succeeded=seen["requests"] - seen["refused"],
        failed=failed,
        rows=_rows(database) - before,
    )


def _rows(database: Database) -> int:
    return int(database.query("SELECT count(*) FROM tasks"))


def _lost(system: System) -> int:
    """Create records from many threads; count the ids that the database then does not know."""
    with ThreadPoolExecutor(min(CONNECTIONS)) as threads:
        ids = list(threads.map(lambda _: _created(system.generated), range(CHECKED_CREATES)))
    listed = ",".join(ids)
    found = system.database.query(f"SELECT count(*) FROM tasks WHERE id = ANY ('{{{listed}}}')")  # noqa: S608
    return len(ids) - int(found)


def _created(url: str) -> str:
    request = urllib.request.Request(url, BODY.encode(), {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return str(json.load(answer)["id"])

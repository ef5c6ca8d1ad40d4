"""Lists of a data service on two real PostgreSQL: nobody is shown less than they wrote."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.choosing import missing
from tests.database import nodes as processes
from tests.database.nodes import NODES, Nodes, started
from tests.database.test_safety import FOLLOWS, Engine, commands  # noqa: F401  # a fixture

pytestmark = [pytest.mark.long, pytest.mark.about("level_4"), pytest.mark.needs("pgbackrest")]


class Service:
    """The database of a data service, in a process with the project's packages."""

    def __init__(self, project: Path, nodes: Nodes) -> None:
        hosts = ",".join(NODES.values())
        ports = ",".join([str(nodes.port)] * len(NODES))
        address = f"postgresql://postgres:secret@/postgres?host={hosts}&port={ports}"
        program = Path(__file__).with_name("reading.py")
        self.process = subprocess.Popen(
            [project / ".venv/bin/python", program,
             f"{address}&target_session_attrs=primary", f"{address}&target_session_attrs=standby"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={"PATH": os.environ["PATH"], "SERVICE_NAME": "data"},
        )  # fmt: skip

    def do(self, words: str) -> tuple[list[int], list[str]]:
        """Have it write and list; gives how many records each list had, and where it was read."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{words}\n")
        self.process.stdin.flush()
        seen, outcomes = json.loads(self.process.stdout.readline())
        return seen, outcomes

    def is_served_by_the_replica(self, records: int) -> bool:
        """Wait until lists come from there again: it is asked once a second."""
        answers = (self.do("1.1 list") for _ in range(processes.PATIENCE_S))
        return ([records], ["replica"]) in answers

    def close(self) -> None:
        self.process.communicate(timeout=30)


@pytest.fixture
def nodes(installed: Callable[[str], Path]) -> Iterator[Nodes]:
    if reason := processes.lacking():
        missing(reason)
    with tempfile.TemporaryDirectory(prefix="nodes-") as folder:
        Path(folder).chmod(0o755)
        for one in started(Nodes(installed("task_manager@4"), Path(folder))):
            one.until("postgres", FOLLOWS, "1")
            one.ask("postgres", "ALTER ROLE postgres PASSWORD 'secret'")
            yield one


@pytest.fixture
def service(installed: Callable[[str], Path], nodes: Nodes) -> Iterator[Service]:
    service = Service(installed("task_manager@4"), nodes)
    yield service
    service.close()


def test_nobody_is_shown_less_than_they_wrote_whatever_the_replica_does(
    nodes: Nodes,
    service: Service,
    commands: Any,  # noqa: F811
) -> None:
    # As it should be.
    seen, outcomes = service.do("add list " * 100)
    assert seen == list(range(1501, 1601))
    assert "replica" in outcomes

    # Behind, whoever wrote: it is left alone, and back as soon as it has caught up.
    nodes.ask("postgres-replica", "SELECT pg_wal_replay_pause()")
    nodes.ask("postgres", "INSERT INTO loans VALUES (10000, 1)")
    assert service.do("list list") == ([1601, 1601], ["behind", "resting"])
    nodes.ask("postgres-replica", "SELECT pg_wal_replay_resume()")
    assert service.is_served_by_the_replica(1601)

    # Away.
    nodes.stop("postgres-replica")
    seen, outcomes = service.do("add list list")
    assert (seen, outcomes[-1]) == ([1602, 1602], "resting")
    nodes.start("postgres-replica")
    nodes.until("postgres", FOLLOWS, "1")
    assert service.is_served_by_the_replica(1602)

    # The leader by now: written to and read from until another one follows.
    commands.fail_over(Engine(nodes))
    seen, _ = service.do("add list")
    assert seen == [1603]
    nodes.until("postgres-replica", FOLLOWS, "1")
    assert service.is_served_by_the_replica(1603)
    assert service.do("add list")[0] == [1604]

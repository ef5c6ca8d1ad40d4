"""Backups, restore drills, a follower and a change of the leader, on real PostgreSQL and pgBackRest."""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from tests.choosing import missing
from tests.database import nodes as processes
from tests.database.nodes import Nodes, started

pytestmark = [pytest.mark.long, pytest.mark.about("level_4"), pytest.mark.needs("pgbackrest")]
FOLLOWS = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"


@pytest.fixture
def nodes(rendered: Callable[[str], Path]) -> Iterator[Nodes]:
    """Both nodes of a project; one follows the other, and there is a backup."""
    if reason := processes.lacking():
        missing(reason)
    # Not under pytest's folder, which is closed to the user that PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="nodes-") as folder:
        Path(folder).chmod(0o755)
        yield from started(Nodes(rendered("task_manager@4"), Path(folder)))


def test_what_is_lost_comes_back_from_the_encrypted_repository(nodes: Nodes) -> None:
    before = nodes.ask("postgres", "SELECT now()")
    time.sleep(0.1)
    nodes.ask("postgres", "DELETE FROM loans WHERE id > 500")
    nodes.done("pgbackrest.sh", "--type=diff", "backup")

    now, then = nodes.done("drill.sh"), nodes.done("drill.sh", before)

    assert re.search(r"restored in \d+ s: 1 tables, 500 rows; pages and indexes are right", now)
    assert re.search(r"restored in \d+ s: 1 tables, 1500 rows", then)
    nodes.done("keeper.sh", "once")
    told = nodes.figures()
    assert time.time() - 60 < told["postgres_restore_drill_timestamp_seconds"] <= time.time()
    assert told["postgres_restore_drill_duration_seconds"] < 60
    assert told['postgres_backup_timestamp_seconds{kind="full"}'] > time.time() - 60
    kept = [file for file in (nodes.place / "backups").rglob("*") if file.is_file()]
    assert kept
    assert all(file.read_bytes().startswith(b"Salted__") for file in kept if file.stat().st_size)
    assert not list((nodes.place / "drill").glob("data"))


def test_a_drill_finds_what_is_wrong_with_a_backup(nodes: Nodes) -> None:
    [bundle] = sorted((nodes.place / "backups").glob("backup/main/*F/bundle/1"))
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 0xFF
    bundle.write_bytes(content)

    drill = nodes.run("drill.sh")

    assert drill.returncode != 0
    assert "ERROR: " in drill.stdout + drill.stderr  # of the restore itself
    assert not (nodes.place / "figures/drill").exists()
    assert not list((nodes.place / "drill").glob("data"))


def test_with_a_wrong_pass_nothing_is_backed_up_and_nothing_is_harmed(nodes: Nodes) -> None:
    secret, kept = nodes.place / "secrets/backup_pass", contents(nodes)
    right = secret.read_text()
    secret.write_text("another pass\n")

    backup, keeper = nodes.run("pgbackrest.sh", "backup"), nodes.run("keeper.sh", "once")
    nodes.ask("postgres", "INSERT INTO loans VALUES (2000, 1)")
    nodes.ask("postgres", "SELECT pg_switch_wal()")
    nodes.until("postgres", "SELECT failed_count > 0 FROM pg_stat_archiver")

    assert backup.returncode != 0
    assert "ERROR" in backup.stdout + backup.stderr
    assert keeper.returncode != 0
    nodes.run("keeper.sh", "once")
    assert nodes.figures()["postgres_archive_failing"] == 1
    assert contents(nodes) == kept

    secret.write_text(right)
    nodes.until("postgres", "SELECT last_archived_time > last_failed_time FROM pg_stat_archiver")
    nodes.done("keeper.sh", "once")
    assert nodes.figures()["postgres_archive_failing"] == 0
    assert "1501 rows" in nodes.done("drill.sh")


def contents(nodes: Nodes) -> dict[Path, bytes]:
    """What the repository has."""
    files = (nodes.place / "backups").rglob("*")
    return {file: file.read_bytes() for file in files if file.is_file()}


def test_a_full_repository_stops_backups_and_not_the_database(
    rendered: Callable[[str], Path],
) -> None:
    if reason := processes.lacking():
        missing(reason)
    with tempfile.TemporaryDirectory(prefix="nodes-") as folder:
        Path(folder).chmod(0o755)
        nodes = Nodes(rendered("task_manager@4"), Path(folder))
        disk = nodes.place / "backups"
        with small_disk(disk) as resize:
            for _ in started(nodes):
                resize(shutil.disk_usage(disk).used)
                backup = nodes.run("pgbackrest.sh", "--type=full", "backup")
                nodes.ask("postgres", "INSERT INTO loans VALUES (2000, 1)")
                nodes.ask("postgres", "SELECT pg_switch_wal()")
                nodes.until("postgres", "SELECT failed_count > 0 FROM pg_stat_archiver")
                nodes.done("keeper.sh", "once")

                assert backup.returncode != 0
                assert nodes.figures()["postgres_archive_failing"] == 1
                assert nodes.ask("postgres", "SELECT count(*) FROM loans") == "1501"

                resize(64 << 20)
                nodes.done("pgbackrest.sh", "--type=full", "backup")
                assert "1501 rows" in nodes.done("drill.sh")


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[int], None]]:
    """A file system of its own, that can be made smaller."""

    def mount(*words: str) -> None:
        done = subprocess.run(["mount", *words], check=False, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")

    owner = folder.stat()
    options = f"size=64m,mode=700,uid={owner.st_uid},gid={owner.st_gid}"
    mount("-t", "tmpfs", "-o", options, "tmpfs", str(folder))
    try:
        yield lambda size: mount("-o", f"remount,size={size}", str(folder))
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def commands(
    rendered: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModuleType]:
    """The project's own commands about its database."""
    # Other tests may have loaded the tools of another project, which come back afterwards.
    for name in _tools():
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(rendered("task_manager@4"))
    yield import_module("tools.production.database")
    for name in _tools():
        del sys.modules[name]


def _tools() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] == "tools"]


class Engine:
    """Docker Compose as far as the commands of production use it, with processes for containers."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes

    def containers(self, service: str) -> list[str]:
        return [service]

    def docker(self, command: str, container: str, shell: str, script: str, *words: str) -> str:
        assert (command, container, shell) == ("exec", "postgres-keeper", "bash")
        return self.nodes.done(script.removeprefix("/opt/postgres/"), *words)

    def do(self, command: str, *words: str) -> None:
        act = {"stop": self.nodes.stop, "up": self.nodes.start}[command]
        act(words[-1])


class Writer(threading.Thread):
    """A client that writes as long as it is not told to end, to whichever node leads."""

    def __init__(self, nodes: Nodes) -> None:
        super().__init__()
        self.nodes, self.end = nodes, threading.Event()
        self.acknowledged: list[int] = []
        self.refused = 0

    def run(self) -> None:
        number = 10_000
        while not self.end.is_set():
            number += 1
            if self.write(number):
                self.acknowledged.append(number)
            else:
                self.refused += 1

    def write(self, number: int) -> bool:
        hosts = ",".join(processes.NODES.values())
        address = f"host={hosts} user=postgres dbname=postgres target_session_attrs=primary"
        words = ["psql", address, "-qc", f"CALL lend({number})"]
        environment = self.nodes.environment | {"PGPASSWORD": "secret", "PGCONNECT_TIMEOUT": "2"}
        done = subprocess.run(words, env=environment, check=False, capture_output=True)
        return done.returncode == 0


@contextmanager
def writing(nodes: Nodes) -> Iterator[Writer]:
    nodes.ask("postgres", "ALTER ROLE postgres PASSWORD 'secret'")
    lend = "LANGUAGE SQL AS 'INSERT INTO loans VALUES (number, 1)'"
    nodes.ask("postgres", f"CREATE PROCEDURE lend(number int) {lend}")
    writer = Writer(nodes)
    writer.start()
    try:
        yield writer
    finally:
        writer.end.set()
        writer.join()


def more(writer: Writer, number: int) -> None:
    """Wait until so many more writes are acknowledged."""
    wanted, end = len(writer.acknowledged) + number, time.monotonic() + processes.PATIENCE_S
    while len(writer.acknowledged) < wanted:
        assert time.monotonic() < end, "nobody takes writes"
        time.sleep(0.05)


def test_the_follower_takes_over_and_no_acknowledged_write_is_lost(
    nodes: Nodes, commands: ModuleType
) -> None:
    nodes.until("postgres", FOLLOWS, "1")
    with writing(nodes) as writer:
        more(writer, 20)
        commands.fail_over(Engine(nodes))
        more(writer, 20)
        nodes.until("postgres-replica", FOLLOWS, "1")
        more(writer, 5)

    there = nodes.ask("postgres-replica", "SELECT id FROM loans WHERE id > 10000").split()
    assert set(writer.acknowledged) <= {int(one) for one in there}
    assert (nodes.data("postgres").with_name("docker.before") / "PG_VERSION").exists()
    # Backups go on from the one that leads now, and one that follows can lead again.
    nodes.done("keeper.sh", "once")
    assert nodes.figures()["postgres_follower_streaming"] == 1
    assert f"{1500 + len(there)} rows" in nodes.done("drill.sh")
    commands.fail_over(Engine(nodes))
    assert nodes.leader == "postgres"
    assert nodes.ask("postgres", "SELECT count(*) FROM loans") == str(1500 + len(there))


def test_a_leader_that_crashed_is_followed_by_the_other_one(
    nodes: Nodes, commands: ModuleType
) -> None:
    nodes.until("postgres", FOLLOWS, "1")
    nodes.ask("postgres", "INSERT INTO loans VALUES (2000, 1)")
    nodes.until("postgres-replica", "SELECT count(*) FROM loans", "1501")
    nodes.stop("postgres", signal.SIGKILL)

    commands.fail_over(Engine(nodes))

    assert (
        nodes.ask("postgres-replica", "SELECT count(*), pg_is_in_recovery() FROM loans") == "1501|f"
    )
    nodes.until("postgres-replica", FOLLOWS, "1")


def test_everything_that_was_archived_comes_back_when_both_are_gone(nodes: Nodes) -> None:
    nodes.ask("postgres", "INSERT INTO loans VALUES (2000, 1)")
    nodes.ask("postgres", "SELECT pg_switch_wal()")
    nodes.until(
        "postgres", "SELECT last_archived_wal >= '000000010000000000000003' FROM pg_stat_archiver"
    )
    for node in processes.NODES:
        nodes.stop(node, signal.SIGKILL)
        shutil.rmtree(nodes.place / node)

    nodes.done("restore.sh", PGDATA=str(nodes.data("postgres")))
    nodes.start("postgres")

    nodes.until("postgres", "SELECT NOT pg_is_in_recovery()")
    assert nodes.ask("postgres", "SELECT count(*) FROM loans") == "1501"
    nodes.done("keeper.sh", "once")
    nodes.start("postgres-replica")
    nodes.until("postgres", FOLLOWS, "1")


def test_two_never_lead(nodes: Nodes) -> None:
    nodes.until("postgres", FOLLOWS, "1")

    early = nodes.run("take_over.sh", "do", "postgres-replica")

    assert early.returncode == 1
    assert early.stderr.startswith("postgres runs: stop it first")
    assert nodes.leader == "postgres"
    assert nodes.ask("postgres-replica", "SELECT pg_is_in_recovery()") == "t"

    nodes.stop("postgres-replica")
    assert "nobody can take over" in nodes.run("take_over.sh", "ask").stderr


def test_a_follower_that_is_away_fills_no_disk_and_comes_back(nodes: Nodes) -> None:
    nodes.stop("postgres")
    nodes.instead = {"max_slot_wal_keep_size": "16MB"}  # as in production, with less to write
    nodes.start("postgres")
    nodes.until("postgres", FOLLOWS, "1")
    nodes.done("keeper.sh", "once")
    assert nodes.figures()["postgres_follower_streaming"] == 1

    nodes.stop("postgres-replica")
    for _ in range(6):
        nodes.ask("postgres", "INSERT INTO loans SELECT max(id) + 1, 1 FROM loans")
        nodes.ask("postgres", "SELECT pg_switch_wal()")
    nodes.ask("postgres", "CHECKPOINT")
    assert nodes.ask("postgres", "SELECT wal_status FROM pg_replication_slots") == "lost"
    nodes.done("keeper.sh", "once")
    assert nodes.figures()["postgres_follower_streaming"] == 0

    nodes.start("postgres-replica")
    nodes.until("postgres-replica", "SELECT count(*) FROM loans", "1506")
    nodes.until("postgres", FOLLOWS, "1")

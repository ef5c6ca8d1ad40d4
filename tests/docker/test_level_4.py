"""Level 4 on a real engine: tokens, two PostgreSQL, backups; a release, a failover, the worst day.

The tests follow each other: each goes on with what the one before has left.
"""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docker.production import TASKS, Production, migrate_more, released
from tests.support import answers_of

pytestmark = pytest.mark.docker

DATA = "team-data-postgres-api"
LEADERS = ("postgres", "postgres-replica")
LOST = ("postgres-data", "postgres-replica-data", "postgres-leader")


@pytest.fixture(scope="module")
def running(
    engine: None, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Production]:
    """The example task_manager, which runs as release 1."""
    folder = tmp_path_factory.mktemp("p") / "tasks"
    with released(template, answers_of("task_manager@4"), folder) as one:
        yield one


@pytest.fixture
def production(running: Production) -> Production:
    """The system that runs, and a token for the minutes of one test."""
    running.log_in()
    return running


def until(happened: Callable[[], bool], seconds: int) -> None:
    """Wait for something that comes by itself."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(1)


def test_who_has_no_token_gets_nothing(production: Production) -> None:
    with production.client() as client:
        made = client.post(TASKS, json={"title": "Remember me"})
        del client.headers["Authorization"]
        refused = client.get(made.headers["Location"])

    assert (made.status_code, refused.status_code) == (201, 401)


def test_all_that_should_be_measured_is(production: Production) -> None:
    listed = (production.project / "deploy/prometheus").rglob("*.yml")
    jobs = {job for file in listed for job in re.findall(r"job_name: (\S+)", file.read_text())}

    until(lambda: production.sample("up").keys() == jobs, 60)

    assert {*production.sample("up").values()} == {1.0}


def test_a_release_takes_the_place_of_another_without_a_lost_request(
    production: Production,
) -> None:
    migrate_more(production.project)
    production.make("images", RELEASE="2")

    with production.load():
        production.make("deploy", RELEASE="2")

    assert production.failures == []
    assert production.lost() == []


def follows(production: Production) -> bool:
    """Say whether a second PostgreSQL gets what the first one writes."""
    seen = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
    asked = ("psql", "--username=postgres", "--tuples-only", "--command", seen)
    counted = [
        production.command("docker", "exec", container, *asked).strip()
        for name in LEADERS
        for container in production.containers(name)
    ]
    return "1" in counted


def test_the_follower_takes_over_and_no_write_that_was_acknowledged_is_lost(
    production: Production,
) -> None:
    until(lambda: follows(production), 60)

    with production.load():
        production.make("failover")
        time.sleep(5)

    assert {said.split()[1] for said in production.failures} <= {"503"}, production.failures
    assert production.answered[201] > 20
    assert production.lost() == []
    until(lambda: follows(production), 120)


def test_the_audit_log_tells_of_every_write(production: Production) -> None:
    with production.client() as client:
        [task, *_] = production.acknowledged
        entry, *others = client.get(
            "/api/v1/audit", params={"subject_id": task.rpartition("/")[2]}
        ).json()["items"]
    said = production.compose("exec", "-T", DATA, "python", "-m", "chassis.audit.log.verify")

    assert (entry["action"], others) == ("create", [])
    assert "audit seal" in said


def test_a_backup_is_restored_beside_what_runs(production: Production) -> None:
    production.make("backup")

    assert "restored" in production.make("restore-drill")


def test_after_the_loss_of_both_databases_they_come_back(production: Production) -> None:
    """As docs/disaster-recovery.md says it, command by command."""
    [task, *_] = production.acknowledged
    restore = ("bash", "/opt/postgres/restore.sh")
    volumes = [f"{production.name}_{name}" for name in LOST]

    production.compose("down")
    production.command("docker", "volume", "rm", *volumes)
    production.compose("run", "--rm", "--no-deps", "postgres", *restore)
    production.make("deploy", RELEASE="2")

    with production.client() as client:
        assert client.get(task).json()["title"] == "Remember me"
    until(lambda: follows(production), 120)

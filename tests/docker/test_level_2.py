"""What level 2 adds to the system under Docker Compose: health, request ids, development, tests."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2
import pytest

from tests.docker.stack import Stack
from tests.support import environment

pytestmark = pytest.mark.docker

TASK = {"title": "Remember me"}
SERVICES = {"team-tasks-api", "team-data-postgres-api"}


@pytest.fixture(scope="module")
def tasks(stack: Callable[[str], Stack]) -> Stack:
    """The example task_manager at level 2, which runs."""
    made = stack("task_manager@2")
    made.up()
    return made


def ready(system: Stack) -> int:
    try:
        return httpx2.get(f"{system.base}/ready", timeout=10).status_code
    except httpx2.TransportError:
        return 0


def running(system: Stack, *files: str) -> dict[str, str]:
    """The health of each container by the service's name."""
    options = [word for file in files for word in ("--file", file)]
    printed = system.done(system.compose(*options, "ps", "--format", "json"))
    found = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return {one["Service"]: one["Health"] for one in found}


def test_every_container_becomes_healthy(tasks: Stack) -> None:
    tasks.until(lambda: set(running(tasks).values()) == {"healthy"})

    assert running(tasks).keys() == {"postgres", *SERVICES}
    assert ready(tasks) == 200


def test_it_is_not_ready_while_the_database_is_stopped_and_recovers(tasks: Stack) -> None:
    tasks.done(tasks.compose("stop", "postgres"))
    tasks.until(lambda: ready(tasks) == 503)
    assert httpx2.get(f"{tasks.base}/health").status_code == 200
    assert httpx2.get(tasks.collection).status_code == 503

    tasks.done(tasks.compose("start", "postgres"))
    tasks.until(lambda: ready(tasks) == 200)
    assert httpx2.get(tasks.collection).status_code == 200


def test_one_request_id_is_in_the_logs_of_both_services(tasks: Stack) -> None:
    wanted = "3f0d3c9d7f6b4d7c9c1d5a0f00000001"
    made = httpx2.post(tasks.collection, json=TASK, headers={"X-Request-ID": wanted})
    assert made.headers["X-Request-ID"] == wanted

    for service in SERVICES:
        printed = tasks.done(tasks.compose("logs", "--no-log-prefix", service))
        lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
        assert [one["service"] for one in lines if one.get("request_id") == wanted] == [service]


@contextmanager
def started(system: Stack, target: str) -> Iterator[subprocess.Popen[str]]:
    process = system.start(target)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=60)


def test_for_development_changed_code_runs_without_a_new_image(
    stack: Callable[[str], Stack],
) -> None:
    system = stack("task_manager@2")
    [main] = system.project.glob("services/*_tasks_api/src/*/main.py")
    with started(system, "up-dev"):
        system.until(system.answers)
        main.write_text(main.read_text().replace('"Team tasks API"', '"Changed"'))

        def changed() -> bool:
            document = httpx2.get(f"{system.base}/openapi.json", timeout=5).json()
            return bool(document["info"]["title"] == "Changed")

        system.until(lambda: system.answers() and changed())


def test_a_system_for_tests_runs_beside_and_leaves_nothing(stack: Callable[[str], Stack]) -> None:
    system = stack("task_manager@2")
    files = ("docker-compose.yml", "docker-compose.test.yml")

    system.done(system.make("up-test"))

    assert set(running(system, *files).values()) == {"healthy"}
    assert httpx2.post(system.collection, json=TASK).status_code == 201
    system.done(system.make("down-test"))
    assert running(system, *files) == {}
    left = ["docker", "volume", "ls", "--quiet", "--filter", f"name={system.name}"]
    listed = subprocess.run(left, check=True, capture_output=True, text=True, env=environment())
    assert listed.stdout == ""


def test_integration_tests_run_in_a_container_where_there_is_an_engine(
    stack: Callable[[str], Stack],
) -> None:
    system = stack("task_manager@2")
    done = subprocess.run(
        ["make", "test-integration"],
        cwd=system.project,
        env=environment() | {"TESTCONTAINERS_RYUK_DISABLED": "true"},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "PostgreSQL: docker (a Docker engine answers)" in done.stdout

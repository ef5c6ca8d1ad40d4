"""The generated system, started with `make dev` and used over HTTP, down to PostgreSQL."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from tests import turns
from tests.project.scenario import Scenario
from tests.support import EXAMPLES, ODD, PROJECTS, answers_of, environment, extension, run

START_SECONDS = 90
# For databases of somebody's own; the embedded one has nothing to do with them.
LIBPQ = {"PGPORT": "1", "PGSSLMODE": "verify-full", "PGSERVICE": "theirs", "PGUSER": "somebody"}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(project: Path, **variables: str) -> Iterator[str]:
    """Run `make dev` and yield the business API's address; Ctrl-C must end it cleanly."""
    api, data = free_port(), free_port()
    log = project / "dev.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["make", "dev"],
            cwd=project,
            env=environment() | LIBPQ | {"API_PORT": str(api), "DATA_PORT": str(data)} | variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until_running(process, log)
            yield f"http://127.0.0.1:{api}"
            os.killpg(process.pid, signal.SIGINT)
            process.wait(timeout=20)
            assert log.read_text().endswith("Stopped.\n"), log.read_text()
        finally:
            end(process)
    for port in (api, data):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0, "a service was left running"


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop what a failed test has left: politely, as what is killed leaves its services behind."""
    for number in (signal.SIGINT, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)


def wait_until_running(process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the line that says so."""
    deadline = time.monotonic() + START_SECONDS
    while "Everything is running" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


@pytest.mark.in_turns(1)
@pytest.mark.parametrize("name", PROJECTS)
def test_the_api_keeps_all_its_promises(name: str, installed: Callable[[str], Path]) -> None:
    model = extension().data_model(answers_of(name)["entities"])

    project = installed(name)
    with running(project) as base:
        Scenario(base, model, token_of(project)).run()
        assert httpx2.get(f"{base}/docs").status_code == 200
        seeded(project, base, model)


def token_of(project: Path) -> dict[str, str]:
    """The header of a client that may do everything, where a project asks for one."""
    if not (project / "tools/make/identity.mk").exists():
        return {}
    done = run(project, "make", "--no-print-directory", "token")
    assert done.returncode == 0, done.stderr
    return {"Authorization": f"Bearer {done.stdout.strip()}"}


def seeded(project: Path, base: str, model: dict[str, Any]) -> None:
    """Fill the system with its sample data, twice: nothing is made a second time."""
    records = {e["plural"]: len(json.loads(e["sample_data"])) for e in model["entities"]}
    port = base.rpartition(":")[2]
    for again in (False, True):
        done = run(project, "make", "seed", API_PORT=port)
        assert done.returncode == 0, done.stderr
        for plural, number in records.items():
            made, there = (0, number) if again else (number, 0)
            assert f"{made} made, {there} were there" in line_of(plural, done.stdout)


def line_of(word: str, text: str) -> str:
    """The line that begins with a word."""
    return next((line for line in text.splitlines() if line.split()[:1] == [word]), "")


@pytest.mark.long
def test_the_data_survives_a_restart(installed: Callable[[str], Path]) -> None:
    project = installed("task_manager")
    with running(project) as base:
        url = f"{base}/api/v1/tasks"
        task = httpx2.post(url, json={"title": "Remember me"}).json()

    with running(project) as base:
        url = f"{base}/api/v1/tasks"
        assert httpx2.get(f"{url}/{task['id']}").json() == task
        httpx2.delete(f"{url}/{task['id']}")


@pytest.mark.long
def test_only_code_that_runs_starts_a_service_again(installed: Callable[[str], Path]) -> None:
    """Tools write all the time, into caches and `.dev`, and so does who works on tests."""
    project = installed("task_manager@2")
    package = next(project.glob("services/*_tasks_api/src/*"))
    aside = [
        *(".dev/written.py", ".mypy_cache/written.py", ".ruff_cache/written.py"),
        *("artifacts/reports/written.py", "tests/integration/test_written.py"),
        *("chassis/tests/test_written.py", "tools/written.py"),
        *(f"{package.parents[1].relative_to(project)}/tests/unit/test_written.py",),
        *(f"{package.relative_to(project)}/__pycache__/written.cpython-312.pyc",),
    ]
    with running(project):
        begun = restarts(project)
        try:
            for number in range(20):
                for path in aside:
                    (project / path).parent.mkdir(parents=True, exist_ok=True)
                    (project / path).write_text(f"NUMBER = {number}\n")
                time.sleep(0.1)
            time.sleep(2)
            assert restarts(project) == begun

            (package / "main.py").touch()
            deadline = time.monotonic() + START_SECONDS
            while restarts(project) == begun:
                assert time.monotonic() < deadline, "what runs was not started again"
                time.sleep(0.1)
        finally:
            for path in aside:
                (project / path).unlink(missing_ok=True)


def restarts(project: Path) -> int:
    """How often a service was started again since the system runs."""
    return (project / "dev.log").read_text().count("Reloading...")


@turns.running_systems
@pytest.mark.parametrize("name", [*EXAMPLES, *ODD])
def test_the_models_need_no_further_migration(name: str, installed: Callable[[str], Path]) -> None:
    project = installed(name)
    versions = next(project.glob("services/*_data_postgres_api/migrations/versions"))
    before = sorted(versions.iterdir())

    done = run(project, "make", "migration", "m=nothing to do", **LIBPQ)

    assert sorted(path for path in versions.iterdir() if path.suffix == ".py") == [
        path for path in before if path.suffix == ".py"
    ], done.stdout + done.stderr


@turns.running_systems
def test_operation_sees_what_happens(installed: Callable[[str], Path]) -> None:
    project = installed("task_manager@2")
    request_id = f"test-{os.getpid()}"
    with running(project, LOG_FORMAT="json") as base:
        answer = httpx2.get(f"{base}/api/v1/tasks", headers={"X-Request-ID": request_id})
        assert answer.headers["X-Request-ID"] == request_id
        assert httpx2.get(f"{base}/ready").json() == {"status": "ready"}
        with stopped_database(project):
            assert until(f"{base}/ready", 503)["errors"][0]["field"] == "data_api"
            assert httpx2.get(f"{base}/health").status_code == 200
        assert until(f"{base}/ready", 200) == {"status": "ready"}

    named = [line for line in (project / "dev.log").read_text().splitlines() if request_id in line]
    lines = [json.loads(line[line.index("{") :]) for line in named]
    assert {line["service"] for line in lines} == {"team-tasks-api", "team-data-postgres-api"}


@contextmanager
def stopped_database(project: Path) -> Iterator[None]:
    """Halt every process of the project's PostgreSQL for a while, as a machine that hangs."""
    number = int((project / ".dev/postgres/postmaster.pid").read_text().splitlines()[0])
    postmaster = psutil.Process(number)
    family = [postmaster, *postmaster.children(recursive=True)]
    for process in family:
        process.suspend()
    try:
        yield
    finally:
        for process in family:
            process.resume()


def until(url: str, status: int) -> dict[str, Any]:
    """Ask until the answer has this status, and give it."""
    deadline = time.monotonic() + 30
    while (answer := httpx2.get(url, timeout=20)).status_code != status:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)
    found: dict[str, Any] = answer.json()
    return found

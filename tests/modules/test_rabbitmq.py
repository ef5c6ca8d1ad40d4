"""The module rabbitmq: rendered, running on a real server, and while that is away."""

import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from tests import turns
from tests.modules.reader import READER
from tests.modules.serving import serving
from tests.project.test_running import running
from tests.support import LEVELS, files_of, run

OF_LEVEL_2 = r"sentry|structlog|testcontainers|request.id|app_env|/ready|healthcheck"
WRITERS = 4
PAUSE_SECONDS = 0.1
AWAY_SECONDS = [3, pytest.param(60, marks=pytest.mark.long)]
# More of them than the pauses between two attempts and the start of a server can take.
PATIENCE_SECONDS = 60

needs_rabbitmq = pytest.mark.needs("rabbitmq-server")

# Runs in the project: a RabbitMQ of the project's own kind that is told when to stop and start.
SERVER = """
import sys
from pathlib import Path
from tools.dev.servers.rabbitmq import Node, installed

node = Node(installed(), Path(".dev/events"))
node.start()
try:
    print(node.url, flush=True)
    for line in sys.stdin:
        getattr(node, line.strip())()
        print("done", flush=True)
finally:
    node.stop()
"""


def test_level_1_knows_nothing_of_level_2(rendered: Callable[[str], Path]) -> None:
    for path, content in files_of(rendered("task_manager@1+rabbitmq")).items():
        if not path.startswith(("docs/maturity.md", "artifacts/", "tools/handoff.toml")):
            assert re.search(OF_LEVEL_2, content.decode(), re.IGNORECASE) is None, path


@turns.running_modules
def test_its_seeds_are_events_and_their_contracts(rendered: Callable[[str], Path]) -> None:
    for level in LEVELS:
        before = files_of(rendered(f"task_manager@{level}"))
        after = files_of(rendered(f"task_manager@{level}+rabbitmq"))
        owned = ("services/", "shared/", "deploy/local/")
        for path, content in before.items():
            if path.startswith(owned):
                assert after[path] == content, path
        new = {path for path in after.keys() - before.keys() if path.startswith(owned)}
        events = {path for path in new if path.startswith("shared/src/shared/events/")}
        assert events
        assert new == events | {"shared/contracts.json"}


def read(project: Path, url: str, wanted: int) -> dict[str, list[tuple[str, Any]]]:
    """Read events, by record: the type and the title that the record has then."""
    words = ["uv", "run", "python", "-c", READER, str(wanted), str(PATIENCE_SECONDS)]
    done = run(project, *words, RABBITMQ_URL=url)
    assert done.returncode == 0, done.stderr
    told: dict[str, list[tuple[str, Any]]] = {}
    for event in map(json.loads, done.stdout.splitlines()):
        title = event["data"]["title"] if "data" in event else None
        told.setdefault(event["subject"], []).append((event["type"], title))
    return told


def write(base: str, seconds: float) -> tuple[str, list[tuple[str, Any]]]:
    """Make a task, change it for some time, remove it; give the events that have to follow."""
    end = time.monotonic() + seconds
    with httpx2.Client(base_url=f"{base}/api/v1", timeout=10) as http:
        task = http.post("/tasks", json={"title": "0"}).json()
        told: list[tuple[str, Any]] = [("task.created", "0")]
        for title in map(str, count(1)):
            assert http.patch(f"/tasks/{task['id']}", json={"title": title}).status_code == 200
            told.append(("task.updated", title))
            if time.monotonic() > end:
                break
            time.sleep(PAUSE_SECONDS)
        assert http.delete(f"/tasks/{task['id']}").status_code == 204
    return task["id"], [*told, ("task.deleted", None)]


def write_at_once(base: str, seconds: float) -> dict[str, list[tuple[str, Any]]]:
    """Let several do that at once."""
    with ThreadPoolExecutor(WRITERS) as pool:
        return dict(pool.map(lambda _: write(base, seconds), range(WRITERS)))


@needs_rabbitmq
@turns.running_modules
@pytest.mark.parametrize("seconds", AWAY_SECONDS)
def test_every_event_arrives_in_its_turn_although_rabbitmq_was_away(
    seconds: int, installed: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = installed("task_manager@1+rabbitmq")
    with serving(project, SERVER) as broker:
        monkeypatch.setenv("RABBITMQ_URL", broker.url)
        read(project, broker.url, 0)
        with running(project) as base:
            expected = write_at_once(base, 0.5)
            broker.tell("stop")
            expected |= write_at_once(base, seconds)
            broker.tell("start")
            expected |= write_at_once(base, 0.5)
            assert read(project, broker.url, sum(map(len, expected.values()))) == expected
    told = (project / "dev.log").read_text()
    assert told.count("Events wait in the outbox: ") == 1
    assert told.count("Events are passed on again") == 1


@needs_rabbitmq
@pytest.mark.long
def test_what_waits_outlives_the_services(
    installed: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = installed("task_manager@1+rabbitmq")
    with serving(project, SERVER) as broker:
        monkeypatch.setenv("RABBITMQ_URL", broker.url)
        read(project, broker.url, 0)
        broker.tell("stop")
        with running(project) as base:
            expected = write_at_once(base, 1)
        broker.tell("start")
        with running(project):
            assert read(project, broker.url, sum(map(len, expected.values()))) == expected


@needs_rabbitmq
@pytest.mark.long
def test_a_server_that_was_left_over_is_ended(installed: Callable[[str], Path]) -> None:
    project = installed("task_manager@1+rabbitmq")
    script = """
import os
from pathlib import Path
from tools.dev.servers.rabbitmq import Node, installed
node = Node(installed(), Path(".dev/rabbitmq"))
node.start()
print(node._process.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    left = int(run(project, "uv", "run", "python", "-c", script).stdout)
    assert psutil.pid_exists(left)

    with running(project) as base:
        assert httpx2.get(f"{base}/api/v1/tasks").status_code == 200
        assert not psutil.pid_exists(left)
        assert ".dev/rabbitmq" in (project / "dev.log").read_text()


@needs_rabbitmq
@pytest.mark.long
@pytest.mark.parametrize("which", range(2))
def test_a_port_that_another_one_took_meanwhile_is_not_the_end(
    which: int, installed: Callable[[str], Path]
) -> None:
    script = f"""
import socket
from pathlib import Path
from tools.dev.servers import rabbitmq
another = socket.create_server((rabbitmq.HOST, 0))
free = rabbitmq._free_port
given = iter([*(free() for _ in range({which})), another.getsockname()[1]])
rabbitmq._free_port = lambda wanted=0: next(given, None) or free(wanted)
node = rabbitmq.Node(rabbitmq.installed(), Path(".dev/meanwhile"))
node.start()
node.stop()
"""

    done = run(installed("task_manager@1+rabbitmq"), "uv", "run", "python", "-c", script)

    assert done.returncode == 0, done.stderr


@pytest.mark.long
def test_without_rabbitmq_it_is_said_how_to_get_one(installed: Callable[[str], Path]) -> None:
    project = installed("task_manager@1+rabbitmq")
    module = project / "tools" / "dev" / "servers" / "rabbitmq.py"
    program = module.read_text()
    module.write_text(program.replace('"rabbitmq-server"', '"no-such-server"'))
    try:
        with running(project) as base:
            task = httpx2.post(f"{base}/api/v1/tasks", json={"title": "Wait"})
            assert task.status_code == 201
            httpx2.delete(f"{base}/api/v1/tasks/{task.json()['id']}")
    finally:
        module.write_text(program)
    assert "docker run" in (project / "dev.log").read_text()


@pytest.mark.long
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["task_manager", "p2p_lending"])
def test_all_gates_are_green(name: str, level: int, installed: Callable[[str], Path]) -> None:
    done = run(installed(f"{name}@{level}+rabbitmq"), "uv", "run", "python", "-m", "tools.check")

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.parametrize("name", ["odd_names", "p2p_lending"])
def test_contracts_are_what_events_hold(name: str, installed: Callable[[str], Path]) -> None:
    project = installed(f"{name}@1+rabbitmq")
    contracts = project / "shared" / "contracts.json"
    before = contracts.read_text()

    assert run(project, "make", "contracts").returncode == 0
    assert contracts.read_text() == before


def test_a_broken_promise_makes_the_tests_red(installed: Callable[[str], Path]) -> None:
    project = installed("task_manager@1+rabbitmq")
    dto = project / "shared" / "src" / "shared" / "task.py"
    before = dto.read_text()
    dto.write_text(before.replace("    priority: int\n", "    priority: str\n"))
    try:
        tests = run(project, "uv", "run", "pytest", "-q", "modules/rabbitmq/tests/test_project.py")
        noted = run(project, "make", "contracts")
    finally:
        dto.write_text(before)

    assert tests.returncode == 1
    assert "data.priority was integer, is string" in tests.stdout
    assert noted.returncode != 0
    assert "task.created.v1: data.priority was integer, is string" in noted.stderr

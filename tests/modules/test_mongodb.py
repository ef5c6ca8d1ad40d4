"""The module mongodb: rendered, and running on a MongoDB that is killed while it is written to."""

import re
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx2
import pytest

from tests import turns
from tests.modules.serving import serving
from tests.project.test_running import running
from tests.support import files_of, run

KILLS = 3
SOME = 20
WRITERS = 4
AWAY_SECONDS = [3, pytest.param(60, marks=pytest.mark.long)]
# More of them than the pauses between two attempts and the start of a server can take.
PATIENCE_SECONDS = 60

# Runs in the project: a MongoDB of the project's own kind that is told when to die and to start.
SERVER = """
import sys
from pathlib import Path
from tools.dev.servers.mongodb import Node, installed

Path(".dev").mkdir(exist_ok=True)
node = Node(installed(), Path(".dev/documents"))
node.start()
try:
    print(node.url, flush=True)
    for line in sys.stdin:
        getattr(node, line.strip())()
        print("done", flush=True)
finally:
    node.stop()
"""


class Writers:
    """Several clients that store activities, each again and again until it is acknowledged."""

    def __init__(self, documents: str) -> None:
        self.subject = str(uuid4())
        self.acknowledged: list[str] = []
        self.refused = 0
        self._url = f"{documents}/api/v1/activities"
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Wait until so many more are acknowledged."""
        wanted = len(self.acknowledged) + more
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, "nothing is stored"
            time.sleep(0.005)

    def _write(self) -> None:
        with httpx2.Client(timeout=20) as http:
            while not self._stop.is_set():
                url = f"{self._url}/{uuid4()}"
                body = {"type": "tea.made", "subject": self.subject, "at": "2026-01-31T12:00:00Z"}
                while (answer := http.put(url, json=body)).status_code in {503, 504}:
                    self.refused += 1
                    time.sleep(0.05)
                assert answer.status_code in {200, 201}, answer.text
                self.acknowledged.append(url.rpartition("/")[2])


def pages(url: str, **params: Any) -> list[dict[str, Any]]:
    """Read a list to its end."""
    found: list[dict[str, Any]] = []
    while True:
        page = httpx2.get(url, params=params, timeout=20).raise_for_status().json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        params["cursor"] = page["next_cursor"]


def documents_of(project: Path) -> str:
    """Say where the document service is."""
    log = (project / "dev.log").read_text()
    return re.findall(r"_data_mongo_api +(http://\S+)", log)[0]


def test_no_seed_depends_on_it(rendered: Callable[[str], Path]) -> None:
    def seeds(name: str) -> dict[str, bytes]:
        owned = ("services/", "shared/", "deploy/local/")
        files = files_of(rendered(name))
        return {path: content for path, content in files.items() if path.startswith(owned)}

    before, after = seeds("task_manager@1"), seeds("task_manager@1+mongodb")

    assert before.items() <= after.items()
    new = {path.split("/")[1] for path in after.keys() - before.keys()}
    assert new == {"team_data_mongo_api"}


@turns.running_modules
def test_what_is_acknowledged_survives_a_mongodb_that_is_killed_again_and_again(
    installed: Callable[[str], Path],
) -> None:
    project = installed("task_manager@1+mongodb")
    with serving(project, SERVER) as server, running(project, MONGODB_URL=server.url):
        documents = documents_of(project)
        with Writers(documents) as writers:
            for _ in range(KILLS):
                writers.wait_for(SOME)
                server.tell("kill")
                server.tell("start")
            writers.wait_for(SOME)
        kept = [
            one["id"]
            for one in pages(f"{documents}/api/v1/activities", subject=writers.subject, limit=100)
        ]

    assert set(writers.acknowledged) == set(kept)
    assert len(kept) == len(set(kept))
    assert writers.refused, "it was away while nobody wrote"


@turns.running_modules
@pytest.mark.parametrize("seconds", AWAY_SECONDS)
def test_the_api_works_on_without_mongodb_and_the_history_catches_up(
    seconds: int, installed: Callable[[str], Path]
) -> None:
    project = installed("task_manager@1+mongodb")
    with serving(project, SERVER) as server, running(project, MONGODB_URL=server.url) as base:
        tasks = f"{base}/api/v1/tasks"
        expected = {}
        server.tell("kill")
        end = time.monotonic() + seconds
        while not expected or time.monotonic() < end:
            task_id, told = write(tasks)
            expected[task_id] = told
            answer = httpx2.get(f"{tasks}/{task_id}/history", timeout=20)
            assert answer.status_code in {503, 504}, answer.text
        server.tell("start")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (found := {one: history(tasks, one) for one in expected}) != expected:
            assert time.monotonic() < deadline, found
            time.sleep(0.2)

    log = (project / "dev.log").read_text()
    assert log.count("Activities wait to be told: ") == 1
    assert log.count("Activities are told again") == 1


def write(tasks: str) -> tuple[str, list[tuple[str, Any]]]:
    """Make a task, change it, remove it; give what its history has to tell, the oldest first."""
    with httpx2.Client(timeout=10) as http:
        task = http.post(tasks, json={"title": "Buy tea"}).json()
        url = f"{tasks}/{task['id']}"
        assert http.patch(url, json={"title": "Make tea"}).status_code == 200
        assert http.delete(url).status_code == 204
    told = [("tasks.created", "Buy tea"), ("tasks.updated", "Make tea"), ("tasks.deleted", None)]
    return task["id"], told


def history(tasks: str, task_id: str) -> list[tuple[str, Any]]:
    """Ask what happened to a task, the oldest first."""
    answer = httpx2.get(f"{tasks}/{task_id}/history", params={"sort": "at"}, timeout=20)
    items: list[Mapping[str, Any]] = answer.json().get("items", [])
    return [(one["type"], (one["data"] or {}).get("title")) for one in items]


@pytest.mark.long
def test_what_it_promises_holds_at_level_2(installed: Callable[[str], Path]) -> None:
    project = installed("task_manager@2+mongodb")

    done = run(project, "uv", "run", "pytest", "-q", "tests/integration/test_mongodb.py")

    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


@pytest.mark.long
@pytest.mark.parametrize("name", ["p2p_lending@1+mongodb", "task_manager@2+mongodb"])
def test_its_gates_are_green(name: str, installed: Callable[[str], Path]) -> None:
    done = run(installed(name), "uv", "run", "python", "-m", "tools.check")

    assert done.returncode == 0, done.stdout + done.stderr

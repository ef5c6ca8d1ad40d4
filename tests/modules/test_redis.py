"""The module redis: rendered, running on a real server, and without it."""

import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx2
import psutil
import pytest

from tests import turns
from tests.project.scenario import Scenario, is_problem
from tests.project.test_running import running
from tests.support import LEVELS, answers_of, extension, files_of, run

KEY = "Idempotency-Key"
TASK = {"title": "Buy tea"}

needs_redis = pytest.mark.needs("redis-server")


def test_no_seed_depends_on_it(rendered: Callable[[str], Path]) -> None:
    def seeds(name: str) -> dict[str, bytes]:
        owned = ("services/", "shared/", "deploy/local/")
        files = files_of(rendered(name))
        return {path: content for path, content in files.items() if path.startswith(owned)}

    assert seeds("task_manager+redis") == seeds("task_manager")


def key() -> dict[str, str]:
    return {KEY: str(uuid4())}


@needs_redis
@turns.running_modules
def test_it_serves_and_the_api_goes_on_without_it(installed: Callable[[str], Path]) -> None:
    project = installed("task_manager@2+redis")
    model = extension().data_model(answers_of("task_manager")["entities"])
    with running(project) as base:
        assert "(/" in told(project, "redis"), "it is not the program of this machine"
        Scenario(base, model).run()
        url = f"{base}/api/v1/tasks"
        carried_out_once(url)
        redis = psutil.Process(int((project / ".dev/redis/pid").read_text()))
        redis.suspend()
        try:
            goes_on(base)
        finally:
            redis.resume()
        until_whole(base)
        carried_out_once(url)
        redis.kill()
        goes_on(base)
    assert not redis.is_running()


def carried_out_once(url: str) -> None:
    """Post the same thing many times at once."""
    with ThreadPoolExecutor(8) as pool:
        header = key()
        answers = list(pool.map(lambda _: httpx2.post(url, json=TASK, headers=header), range(16)))
    created = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.json()["id"] for answer in created}) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    is_problem(httpx2.post(url, json=TASK | {"priority": 1}, headers=header), 409)
    assert httpx2.get(url, params={"limit": 1}).json()["items"] == [created[0].json()]
    httpx2.delete(f"{url}/{created[0].json()['id']}")


def goes_on(base: str) -> None:
    """Without Redis: everything but keys, quickly, and never an answer from before."""
    url, given = f"{base}/api/v1/tasks", key()
    assert httpx2.get(url).status_code == 200
    is_problem(httpx2.post(url, json=TASK, headers=given), 503)
    task = httpx2.post(url, json=TASK)
    assert task.status_code == 201
    started = time.monotonic()
    assert httpx2.get(url, params={"limit": 1}).json()["items"] == [task.json()]
    assert time.monotonic() - started < 2
    assert httpx2.delete(f"{url}/{task.json()['id']}").status_code == 204
    assert list(httpx2.get(f"{base}/ready").json()["degraded"]) == ["redis"]
    assert httpx2.get(f"{base}/health").status_code == 200


def until_whole(base: str) -> None:
    """Ask until nothing is degraded any more."""
    deadline = time.monotonic() + 30
    while (ready := httpx2.get(f"{base}/ready").json()) != {"status": "ready"}:
        assert time.monotonic() < deadline, ready
        time.sleep(0.1)


def told(project: Path, name: str) -> str:
    """What `make dev` says of a server."""
    return next(
        line
        for line in (project / "dev.log").read_text().splitlines()
        if line.startswith(f"  {name} ")
    )


@pytest.mark.long
def test_a_server_that_was_left_over_is_ended(installed: Callable[[str], Path]) -> None:
    project = installed("task_manager@1+redis")
    script = """
import os, sys
from pathlib import Path
from tools.dev.servers.redis import RedisServer
server = RedisServer("redis-server", Path(".dev/redis"))
server.start()
print(server._process.pid, server.port)
sys.stdout.flush()
os.kill(os.getpid(), 9)
"""
    killed = run(project, "uv", "run", "python", "-c", script)
    left, _ = map(int, killed.stdout.split())
    assert psutil.pid_exists(left)

    with running(project) as base:
        assert httpx2.get(f"{base}/api/v1/tasks").status_code == 200
        assert not psutil.pid_exists(left)


@pytest.mark.long
def test_without_the_program_there_is_a_stand_in(
    installed: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project = installed("task_manager@1+redis")
    for tool in ("make", "sh", "uv", "sed", "git", "grep", "cat", "test"):
        if found := shutil.which(tool):
            (tmp_path / tool).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path))

    with running(project) as base:
        assert "in memory, by fakeredis" in told(project, "redis")
        carried_out_once(f"{base}/api/v1/tasks")


@pytest.mark.long
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["task_manager", "p2p_lending"])
def test_all_gates_are_green(name: str, level: int, installed: Callable[[str], Path]) -> None:
    done = run(installed(f"{name}@{level}+redis"), "uv", "run", "python", "-m", "tools.check")

    assert done.returncode == 0, done.stdout + done.stderr

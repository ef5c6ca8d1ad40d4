"""The module workers: rendered, and running on a real RabbitMQ."""

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from tests.project.test_running import running
from tests.support import LEVELS, files_of, run

TASK = {"title": "Buy tea"}
LISTINGS = ("docs/maturity.md", "artifacts/", "tools/handoff.toml", "uv.lock")
OF_LEVEL_2 = r"sentry|structlog|testcontainers|request.id|app_env|/ready|healthcheck|probe_port"
# Not "worker" alone: so are called the children of web servers.
OF_MODULE = r"chassis.workers|tasks.worker|handled.message|daily.count|cronsim"

needs_rabbitmq = pytest.mark.needs("rabbitmq-server")


def content(project: Path) -> dict[str, str]:
    """Give the files that do not list what there could be."""
    files = files_of(project).items()
    return {path: text.decode() for path, text in files if not path.startswith(LISTINGS)}


def test_level_1_knows_nothing_of_level_2(rendered: Callable[[str], Path]) -> None:
    for path, text in content(rendered("task_manager@1+workers")).items():
        assert re.search(OF_LEVEL_2, text, re.IGNORECASE) is None, path


@pytest.mark.in_turns(1)
@pytest.mark.parametrize("level", LEVELS)
def test_nothing_of_it_is_there_without_it(level: int, rendered: Callable[[str], Path]) -> None:
    for path, text in content(rendered(f"task_manager@{level}+rabbitmq")).items():
        assert re.search(OF_MODULE, f"{path} {text}", re.IGNORECASE) is None, path


@pytest.mark.in_turns(1)
@pytest.mark.parametrize("level", LEVELS)
def test_no_seed_depends_on_it(level: int, rendered: Callable[[str], Path]) -> None:
    def seeds(name: str) -> dict[str, str]:
        owned = ("services/", "shared/", "deploy/local/")
        return {p: text for p, text in content(rendered(name)).items() if p.startswith(owned)}

    before, after = seeds(f"task_manager@{level}+rabbitmq"), seeds(f"task_manager@{level}+workers")

    assert before.items() <= after.items()
    new = {path.split("/")[1] for path in after.keys() - before.keys()}
    assert new == {"team_tasks_worker"}


@needs_rabbitmq
@pytest.mark.long
def test_what_is_created_is_counted_in_the_background(installed: Callable[[str], Path]) -> None:
    project = installed("task_manager@1+workers")

    with usual_port_taken(), running(project) as base:
        # Its queue begins when it first starts.
        until(lambda: "team_tasks_worker handles" in dev_log(project), project)
        for _ in range(3):
            assert httpx2.post(f"{base}/api/v1/tasks", json=TASK).status_code == 201
        until(lambda: counted(project) == {"tasks.created": 3}, project)
        letters = run(project, "make", "dead-letters")

    assert letters.returncode == 0, letters.stderr
    assert letters.stdout.splitlines()[0] == "team_tasks_worker.count_new_tasks.v1: 0"
    log = dev_log(project)
    assert "team_tasks_worker has stopped" in log
    assert "Traceback" not in log


@contextmanager
def usual_port_taken() -> Iterator[None]:
    """See to it that RabbitMQ runs at another port than one would guess."""
    with ExitStack() as stack:
        with suppress(OSError):  # somebody else has it
            stack.enter_context(socket.create_server(("127.0.0.1", 5672)))
        yield


def until(condition: Callable[[], bool], project: Path) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, dev_log(project)
        time.sleep(0.1)


def dev_log(project: Path) -> str:
    """Give what `make dev` has said."""
    return (project / "dev.log").read_text()


def counted(project: Path) -> dict[str, int]:
    """Ask the data service, the port of which the log tells."""
    (base,) = re.findall(r"team_data_postgres_api  (http://\S+)  ", dev_log(project))
    page = httpx2.get(f"{base}/api/v1/daily-counts").json()
    return {item["name"]: item["number"] for item in page["items"]}


@needs_rabbitmq
@pytest.mark.long
def test_what_it_promises_holds_while_workers_are_killed(installed: Callable[[str], Path]) -> None:
    project = installed("task_manager@2+workers")

    done = run(project, "uv", "run", "pytest", "-q", "tests/integration/test_workers.py")

    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


@pytest.mark.long
@pytest.mark.parametrize("name", ["p2p_lending@1+workers", "task_manager@2+workers"])
def test_its_gates_are_green(name: str, installed: Callable[[str], Path]) -> None:
    done = run(installed(name), "uv", "run", "python", "-m", "tools.check")

    assert done.returncode == 0, done.stdout + done.stderr

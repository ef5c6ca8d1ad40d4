"""The module workers under Docker Compose: its container's health, its work, and its end."""

import json
from collections.abc import Callable

import httpx2
import pytest

from tests.docker.stack import Stack

pytestmark = pytest.mark.docker

WORKER = "team-tasks-worker"
ASK = "import urllib.request as r; print(r.urlopen('http://{}', timeout=5).read().decode())"


@pytest.fixture(scope="module")
def system(stack: Callable[[str], Stack]) -> Stack:
    """The example task_manager at level 2 with a worker, which runs."""
    made = stack("task_manager@2+workers")
    made.up()
    made.until(lambda: state(made)["Health"] == "healthy")
    return made


def state(system: Stack) -> dict[str, str | int]:
    """What the engine says of the worker's container."""
    printed = system.done(system.compose("ps", "--all", "--format", "json", WORKER))
    found: dict[str, str | int] = json.loads(printed)
    return found


def asked(system: Stack, address: str) -> str:
    """What something inside of the network answers; nothing if it does not."""
    command = ["exec", "--no-TTY", WORKER, "python", "-c", ASK.format(address)]
    return system.compose(*command).stdout


def counted(system: Stack) -> int:
    """How many tasks the worker has counted."""
    answer = asked(system, "team-data-postgres-api:8001/api/v1/daily-counts")
    return sum(item["number"] for item in json.loads(answer)["items"]) if answer else 0


def test_it_does_its_work_and_starts_again_when_it_dies(system: Stack) -> None:
    system.until(lambda: "ready" in asked(system, "127.0.0.1:8080/ready"))
    for title in ("a", "b"):
        assert httpx2.post(system.collection, json={"title": title}).status_code == 201
    system.until(lambda: counted(system) == 2)

    end = "import os, signal; os.kill(1, signal.SIGTERM)"
    system.compose("exec", "--no-TTY", WORKER, "python", "-c", end)
    assert httpx2.post(system.collection, json={"title": "c"}).status_code == 201

    system.until(lambda: counted(system) == 3)


def test_it_ends_well_when_it_is_told_to(system: Stack) -> None:
    system.done(system.compose("stop", WORKER))

    assert state(system)["ExitCode"] == 0
    assert "has stopped" in system.compose("logs", "--tail", "5", WORKER).stdout

"""The module rabbitmq under Docker Compose: a server with a password, health, and its absence."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.docker.stack import Stack
from tests.modules.reader import READER

pytestmark = pytest.mark.docker

DATA = "team-data-postgres-api"


@pytest.fixture(scope="module")
def events(stack: Callable[[str], Stack]) -> Stack:
    """The example task_manager at level 2 with events, which runs."""
    made = stack("task_manager@2+rabbitmq")
    made.up()
    made.until(lambda: set(health(made).values()) == {"healthy"})
    return made


def health(system: Stack) -> dict[str, str]:
    """The health of each container by the service's name."""
    printed = system.done(system.compose("ps", "--format", "json"))
    found = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return {one["Service"]: one["Health"] for one in found}


def read(system: Stack, wanted: int) -> list[dict[str, Any]]:
    """Read as many events."""
    command = ["exec", "--no-TTY", DATA, "python", "-c", READER, str(wanted), "60"]
    ended = system.compose(*command)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def write(system: Stack, titles: range) -> None:
    """Make a task for each title, and change it."""
    for title in map(str, titles):
        task = httpx2.post(system.collection, json={"title": title}).json()
        changed = httpx2.patch(f"{system.collection}/{task['id']}", json={"title": f"{title}!"})
        assert changed.status_code == 200


def test_the_server_is_healthy(events: Stack) -> None:
    assert health(events)["rabbitmq"] == "healthy"


def test_events_arrive_although_it_was_stopped(events: Stack) -> None:
    read(events, 0)
    write(events, range(3))
    events.done(events.compose("stop", "rabbitmq"))
    write(events, range(3, 6))
    assert httpx2.get(f"{events.base}/ready", timeout=10).status_code == 200
    events.done(events.compose("start", "rabbitmq"))
    events.until(lambda: health(events)["rabbitmq"] == "healthy")

    found = read(events, 12)

    by_record: dict[str, list[str]] = {}
    for event in found:
        by_record.setdefault(event["subject"], []).append(event["data"]["title"])
    titles = sorted(by_record.values())
    assert titles == [[str(title), f"{title}!"] for title in range(6)]

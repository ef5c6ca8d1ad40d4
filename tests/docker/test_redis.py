"""The module redis under Docker Compose: with a password, on disk, and gone for a while."""

from collections.abc import Callable
from uuid import uuid4

import httpx2
import pytest

from tests.docker.stack import Stack

pytestmark = pytest.mark.docker

TASK = {"title": "Remember me"}


def post(system: Stack, key: str) -> httpx2.Response:
    return httpx2.post(system.collection, json=TASK, headers={"Idempotency-Key": key}, timeout=20)


@pytest.mark.parametrize("level", [1, 2])
def test_the_api_goes_on_without_it_and_keys_outlive_it(
    level: int, stack: Callable[[str], Stack]
) -> None:
    system, key = stack(f"task_manager@{level}+redis"), str(uuid4())
    system.up()
    refused = system.done(
        system.compose("exec", "--env", "REDISCLI_AUTH=", "redis", "redis-cli", "ping")
    )
    assert "NOAUTH" in refused
    first = post(system, key)
    assert first.status_code == 201

    system.done(system.compose("kill", "redis"))

    assert httpx2.get(system.collection).status_code == 200
    assert post(system, key).status_code == 503
    assert httpx2.post(system.collection, json=TASK).status_code == 201
    system.done(system.compose("start", "redis"))
    system.until(lambda: post(system, str(uuid4())).status_code == 201)
    again = post(system, key)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"

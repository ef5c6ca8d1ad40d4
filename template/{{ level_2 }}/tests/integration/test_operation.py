"""What operation sees: health, readiness, and one request id in all logs."""

import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from tests.integration.collections import collections
from tests.integration.postgres import Postgres
from tests.integration.system import Started, document, in_processes, system

TIMEOUT_S = 20
RECOVERY_S = 30


def statuses(services: dict[str, Started], path: str) -> dict[str, int]:
    """Ask every service."""
    return {
        name: httpx2.get(f"{started.url}{path}", timeout=TIMEOUT_S).status_code
        for name, started in services.items()
    }


def wait_for(services: dict[str, Started], status: int) -> None:
    """Wait until every service says of its readiness what is expected."""
    deadline = time.monotonic() + RECOVERY_S
    while set((found := statuses(services, "/ready")).values()) != {status}:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def test_every_service_lives_and_is_ready(services: dict[str, Started]) -> None:
    assert set(statuses(services, "/health").values()) == {200}
    assert set(statuses(services, "/ready").values()) == {200}


def test_without_its_database_nothing_is_ready_and_everything_lives(
    services: dict[str, Started], server: Postgres
) -> None:
    with server.away():
        wait_for(services, 503)
        assert set(statuses(services, "/health").values()) == {200}
        for started in services.values():
            problem = httpx2.get(f"{started.url}/ready", timeout=TIMEOUT_S).json()
            named = [error["field"] for error in problem["errors"]]
            assert named == ["database"] if started.service.upgrade else named

    wait_for(services, 200)


def test_the_documents_say_what_the_services_are(services: dict[str, Started]) -> None:
    for name, started in services.items():
        info = httpx2.get(f"{started.url}/openapi.json", timeout=TIMEOUT_S).json()["info"]

        assert {"title", "description", "contact", "version"} <= info.keys(), name


def test_one_request_id_is_in_the_logs_of_all_services(database_url: str, logs: Path) -> None:
    request_id = uuid4().hex
    with in_processes(database_url, logs) as services:
        for service in system().services:
            if service.upgrade:
                continue
            described = document(service.name)
            headers = {"X-Request-ID": request_id}
            url = services[service.name].url
            with httpx2.Client(base_url=url, timeout=TIMEOUT_S, headers=headers) as http:
                for collection in collections(described):
                    answer = http.get(collection.path)
                    assert answer.headers["X-Request-ID"] == request_id

    for service in system().services:
        lines = [line for line in read(logs / service.name) if line.get("request_id") == request_id]
        assert {line["service"] for line in lines} == {service.env["SERVICE_NAME"]}


def read(log: Path) -> list[dict[str, Any]]:
    """Read a log, each line of which is a JSON object."""
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]

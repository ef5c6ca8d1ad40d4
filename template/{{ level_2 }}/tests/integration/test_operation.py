"""What operation sees: health, readiness, and one request id in all logs."""

import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.integration.collections import collections
from tests.integration.postgres import Postgres
from tests.integration.system import (
    Started,
    client_headers,
    document,
    in_processes,
    system,
)

TIMEOUT_S = 20
RECOVERY_S = 30
WAITING = 15  # more than a data service has connections


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


def keeps_elsewhere(started: Started) -> bool:
    """Say whether a service has data, and none of it in the database."""
    return bool(started.service.upgrade) and not started.service.in_database


def test_every_service_lives_and_is_ready(services: dict[str, Started]) -> None:
    assert set(statuses(services, "/health").values()) == {200}
    assert set(statuses(services, "/ready").values()) == {200}


def test_without_its_database_nothing_is_ready_and_everything_lives(
    services: dict[str, Started], server: Postgres
) -> None:
    other = {name: one for name, one in services.items() if keeps_elsewhere(one)}
    those = {name: one for name, one in services.items() if name not in other}
    with server.away():
        wait_for(those, 503)
        assert set(statuses(services, "/health").values()) == {200}
        assert set(statuses(other, "/ready").values()) <= {200}
        for started in those.values():
            problem = httpx2.get(f"{started.url}/ready", timeout=TIMEOUT_S).json()
            named = [error["field"] for error in problem["errors"]]
            assert named == ["database"] if started.service.in_database else named

    wait_for(services, 200)


def test_requests_that_wait_for_a_lock_do_not_make_a_service_unready(
    services: dict[str, Started], database_url: str
) -> None:
    keeper = next(one for one in services.values() if one.service.in_database)
    path = next(collections(document(keeper.service.name))).path

    def ask(_number: int) -> int:
        return httpx2.get(f"{keeper.url}{path}", timeout=TIMEOUT_S).status_code

    with ThreadPoolExecutor(WAITING) as pool, every_table_locked(database_url):
        waiting = [pool.submit(ask, number) for number in range(WAITING)]
        while not any(one.done() for one in waiting):  # so all connections have been in use
            assert set(statuses(services, "/ready").values()) == {200}
            time.sleep(0.1)
        assert {one.result() for one in waiting} == {503}

    assert ask(0) == 200


@contextmanager
def every_table_locked(database_url: str) -> Iterator[None]:
    """Hold all tables, so that every statement about one waits."""
    engine = create_async_engine(database_url)
    names = "SELECT string_agg(format('%I', tablename), ', ') FROM pg_tables"
    with asyncio.Runner() as runner:
        connection = runner.run(engine.connect().start())
        tables = runner.run(connection.scalar(text(f"{names} WHERE schemaname = 'public'")))
        runner.run(connection.execute(text(f"LOCK TABLE {tables}")))
        try:
            yield
        finally:
            runner.run(connection.close())
            runner.run(engine.dispose())


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
            headers = {**client_headers(service), "X-Request-ID": request_id}
            url = services[service.name].url
            with httpx2.Client(base_url=url, timeout=TIMEOUT_S, headers=headers) as http:
                for collection in collections(described):
                    answer = http.get(collection.path)
                    assert answer.headers["X-Request-ID"] == request_id

    for service in (one.service for one in services.values() if not keeps_elsewhere(one)):
        lines = [line for line in read(logs / service.name) if line.get("request_id") == request_id]
        assert {line["service"] for line in lines} == {service.env["SERVICE_NAME"]}


def read(log: Path) -> list[dict[str, Any]]:
    """Read a log, each line of which is a JSON object."""
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]

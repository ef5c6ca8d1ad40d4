"""The probes of a worker, over real connections."""

import socket
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest
from aiohttp.test_utils import unused_port
from httpx2 import AsyncClient, ConnectError

from chassis_workers.features import WorkerSettings
from chassis_workers.worker import Worker, build_worker


def worker_at(port: int | None) -> Worker:
    return build_worker("garden", [], [], WorkerSettings(probe_port=port))


@pytest.fixture
def port() -> int:
    return unused_port()


@pytest.fixture
async def http(port: int) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        yield client


async def test_a_worker_that_lives_says_so(http: AsyncClient, port: int) -> None:
    async with worker_at(port).lifespan():
        answer = await http.get("/health")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_a_worker_without_rabbitmq_is_not_ready(http: AsyncClient, port: int) -> None:
    async with worker_at(port).lifespan():
        answer = await http.get("/ready")

    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json()["errors"] == [{"field": "rabbitmq", "detail": "Is not connected."}]


async def test_a_worker_that_has_all_it_needs_is_ready(
    http: AsyncClient, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = worker_at(port)

    async def ping(timeout: float | None) -> bool:  # noqa: ASYNC109
        return bool(timeout)

    monkeypatch.setattr(worker.broker, "ping", ping)
    async with worker.lifespan():
        assert (await http.get("/ready")).json() == {"status": "ready"}


async def test_without_a_port_nothing_is_answered(http: AsyncClient) -> None:
    async with worker_at(None).lifespan():
        with pytest.raises(ConnectError):
            await http.get("/health")


async def test_a_port_that_is_taken_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        async with worker_at(taken.getsockname()[1]).lifespan():
            raise AssertionError


async def test_the_port_is_free_again_afterwards(port: int) -> None:
    for _ in range(2):
        async with worker_at(port).lifespan():
            pass

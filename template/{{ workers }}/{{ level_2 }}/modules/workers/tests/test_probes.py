"""The probes of a worker, over real connections."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest
from aiohttp.test_utils import unused_port
from httpx2 import AsyncClient, ConnectError

from chassis.problems import Unavailable
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
    assert {"field": "rabbitmq", "detail": "Is not connected."} in answer.json()["errors"]
    assert answer.json()["detail"] == "Not ready: rabbitmq."


async def test_a_worker_that_has_all_it_needs_is_ready(
    http: AsyncClient, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = worker_at(port)

    async def ping(timeout: float | None) -> bool:  # noqa: ASYNC109
        return bool(timeout)

    monkeypatch.setattr(worker.broker, "ping", ping)
    async with worker.lifespan():
        answer = await http.get("/ready")

    assert answer.status_code == HTTPStatus.OK
    assert answer.json()["status"] in {"ready", "degraded"}  # by what is not needed


async def test_what_a_worker_can_do_without_only_degrades_it(
    http: AsyncClient, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = worker_at(port)

    async def ping(timeout: float | None) -> bool:  # noqa: ASYNC109
        return bool(timeout)

    async def closed() -> None:
        raise Unavailable("The shed is closed.")

    monkeypatch.setattr(worker.broker, "ping", ping)
    worker.state.checks.add("shed", closed, optional=True)
    async with worker.lifespan():
        answer = await http.get("/ready")

    assert answer.status_code == HTTPStatus.OK
    assert answer.json()["status"] == "degraded"
    assert answer.json()["degraded"]["shed"] == "The shed is closed."


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"X-Big: " + b"x" * 100_000, id="one that is too large"),
        pytest.param(b"\r\n".join(b"X-%d: x" % n for n in range(200)), id="too many"),
    ],
)
async def test_headers_have_a_bound(port: int, head: bytes) -> None:
    async with worker_at(port).lifespan():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /health HTTP/1.1\r\nHost: garden\r\n" + head + b"\r\n\r\n")
        async with asyncio.timeout(5):
            status = await reader.readline()
        writer.close()

    assert b" 431 " in status


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"", id="nothing at all"),
        pytest.param(b"GET /health HT", id="half a line"),
        pytest.param(b"GET /health HTTP/1.1\r\nHost: gar", id="half a head"),
    ],
)
async def test_who_says_nothing_more_is_not_waited_for(
    port: int, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HEADER_TIMEOUT", "IDLE_TIMEOUT"):
        monkeypatch.setenv(name, "1")
    async with worker_at(port).lifespan():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(begun)
        async with asyncio.timeout(8):
            rest = await reader.read()
        writer.close()

    assert not rest or b" 408 " in rest


async def test_a_worker_that_stops_waits_for_nobody_who_asks(port: int) -> None:
    worker, asked = worker_at(port), asyncio.Event()

    async def hangs() -> None:
        asked.set()
        await asyncio.sleep(60)

    worker.state.checks.add("shed", hangs)
    async with worker.lifespan():
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /ready HTTP/1.1\r\nHost: garden\r\n\r\n")
        await asked.wait()
        started = time.monotonic()

    assert time.monotonic() - started < 10
    writer.close()


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

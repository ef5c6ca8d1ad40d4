"""What a worker writes, as a business service sees it."""

import datetime as dt
from typing import Any

import pytest
from fakeredis import FakeServer

from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis_workers.features import WorkerSettings
from chassis_workers.tasks import Job
from chassis_workers.testing.broker import running
from chassis_workers.worker import Worker, build_worker

TASKS = "/api/v1/tasks"
NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


class ApiSettings(FeatureSettings):
    data_api_url: str


class Settings(WorkerSettings):
    data_api_url: str


async def add(_due: dt.datetime, worker: Worker) -> None:
    await worker.state.http.post(f"{worker.state.settings.data_api_url}{TASKS}", json_body=b"{}")


@pytest.mark.usefixtures("server")
async def test_a_write_of_a_worker_ends_the_answers_of_its_collection(address: str) -> None:
    app = build_app("Tasks", [], ApiSettings(data_api_url=address))
    job = Job("add", "0 12 * * *", add)
    worker = build_worker("tasks_worker", [], [job], Settings(data_api_url=address))

    async with app.router.lifespan_context(app), running(worker) as broker:
        before = await app.state.http.get(f"{address}{TASKS}")
        assert await app.state.http.get(f"{address}{TASKS}") == before
        await broker.due("add", NOON)
        after = await app.state.http.get(f"{address}{TASKS}")

    assert (before.body, after.body) == (b"1", b"3")


async def test_without_redis_a_worker_works(server: FakeServer, address: str, service: Any) -> None:
    server.connected = False
    job = Job("add", "0 12 * * *", add)
    worker = build_worker("tasks_worker", [], [job], Settings(data_api_url=address))

    async with running(worker) as broker:
        await broker.due("add", NOON)

    assert service.asked == [f"POST {TASKS}"]

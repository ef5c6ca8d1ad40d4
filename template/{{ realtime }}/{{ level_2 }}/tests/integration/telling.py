"""The worker that tells of changes, in a thread of the tests: to start it as a process takes seconds."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from tools.dev.system import base_environment, service_environment

from chassis_realtime.audiences import declared_audiences
from chassis_workers.factory import worker_of
from tests.integration.collections import Collection, Records, collections
from tests.integration.servers import RunningServer
from tests.integration.system import ROOT, Started, only, system
from tests.integration.waiting import PATIENCE_S, wait_for


def environment_of_worker(
    services: Mapping[str, Started], others: Mapping[str, RunningServer], database_url: str
) -> dict[str, str]:
    """Give the variables of a worker beside these services."""
    (process,) = [one for one in system().processes if "chassis_workers" in one.command]
    ports = {name: int(one.url.rpartition(":")[2]) for name, one in services.items()}
    urls = {"database": database_url, **{name: one.url for name, one in others.items()}}
    own = {**base_environment(ROOT, (), system().stand_ins), "APP_ENV": "test"}
    return service_environment(process, system(), own, ports, urls)


def worker_in(environment: Mapping[str, str]) -> Any:
    """Make the worker of the system."""
    (process,) = [one for one in system().processes if "chassis_workers" in one.command]
    with only(environment):
        return worker_of(process.command[-1])


@contextmanager
def working(worker: Any, queue: str, logs: pytest.LogCaptureFixture) -> Iterator[None]:
    """Run a worker, once it handles a queue, until the end."""
    loop = asyncio.new_event_loop()
    work = loop.create_task(worker._work())
    thread = threading.Thread(target=loop.run_until_complete, args=(_ended(work),))
    thread.start()
    try:
        handles = f"{worker.title} handles: {worker.title}.{queue}"
        wait_for(lambda: handles in logs.text, lambda: logs.text)
        yield
    finally:
        loop.call_soon_threadsafe(work.cancel)
        thread.join(PATIENCE_S)
        loop.close()


async def _ended(work: "asyncio.Task[None]") -> None:
    await asyncio.wait([work])


def followed(records: Records) -> Collection:
    """Give a collection that can be followed, and in which records can be made."""
    for one in collections(records.document):
        made = one.name in declared_audiences() and records.try_to_create(one)[0]
        if made and made.status_code == httpx2.codes.CREATED:
            return one
    pytest.skip("it has no collection that takes what its schema allows")

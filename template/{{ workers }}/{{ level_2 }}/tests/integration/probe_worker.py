"""A worker for tests: its events say themselves what is to be done with them."""

import asyncio
import datetime as dt
import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from chassis.events import Created
from chassis.http_client import raise_for_problem
from chassis_workers import schedule
from chassis_workers.counts import PATH, DailyCountAddition
from chassis_workers.features import WorkerSettings
from chassis_workers.tasks import Consumer, Job
from chassis_workers.worker import Worker, build_worker

DAY = dt.date(2026, 1, 31)

type Step = Literal["count", "count attempts", "hang", "hold", "linger", "fail"]


class Settings(WorkerSettings):
    """Where the data service is, and where the worker notes its attempts."""

    data_api_url: str
    probe_name: str
    probe_notes: Path
    probe_jobs: bool = False
    probe_versions: bool = False


class Orders(BaseModel):
    """What is to be done, and under which name it is counted."""

    name: str
    steps: list[Step]


class Happened(Created):
    """Something that asks for work."""

    type: Literal["tests.happened"] = "tests.happened"
    version: Literal[1] = 1
    data: Orders


class HappenedV2(Created):
    """The same in another version."""

    type: Literal["tests.happened"] = "tests.happened"
    version: Literal[2] = 2
    data: Orders


async def work(event: Happened | HappenedV2, worker: Worker) -> None:
    """Do what the event says, and note before that it is tried."""
    settings: Settings = worker.state.settings
    attempt = note(settings.probe_notes / str(event.id), "attempt")
    for step in event.data.steps:
        match step:
            case "count":
                await count(event.data.name, 1, worker)
            case "count attempts":
                await count(event.data.name, attempt, worker)
            case "hang" if attempt == 1:
                note(settings.probe_notes / f"{event.id}.hangs", "now")
                await asyncio.sleep(600)
            case "hold":
                note(settings.probe_notes / f"{event.id}.hangs", "now")
                while not (settings.probe_notes / f"{event.id}.let-go").exists():  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            case "linger":
                note(settings.probe_notes / f"{event.id}.hangs", "now")
                await asyncio.sleep(0.5)
            case "fail" if not (settings.probe_notes / "mended").exists():
                raise LookupError(event.data.name)


async def count(name: str, number: int, worker: Worker) -> None:
    """Add to a count, which is a write that must happen once."""
    body = DailyCountAddition(name=name, day=DAY, number=number).model_dump_json().encode()
    url = f"{worker.state.settings.data_api_url}{PATH}"
    raise_for_problem(await worker.state.http.post(url, json_body=body))


async def tick(due: dt.datetime, worker: Worker) -> None:
    """Note when it was due, and by whom it was done."""
    settings: Settings = worker.state.settings
    note(settings.probe_notes / "ticks", f"{due.isoformat()} {os.getpid()}")


def note(file: Path, line: str) -> int:
    """Append a line and say how many there are."""
    with file.open("a+", encoding="utf-8") as notes:
        notes.write(f"{line}\n")
        notes.flush()
        notes.seek(0)
        return len(notes.readlines())


def create_worker() -> Worker:
    """Build the worker; all its settings come from the environment."""
    settings = Settings()
    consumers: list[Consumer[Any]] = [Consumer("work", Happened, work)]
    if settings.probe_versions:
        consumers.append(Consumer("work", HappenedV2, work))
    schedule.NEXT_TRY_S = 0.2
    jobs = [Job("tick", "* * * * * *", tick)] if settings.probe_jobs else []
    worker = build_worker(settings.probe_name, consumers, jobs, settings)
    worker.beside.clear()  # what else a worker of the project does
    return worker

"""How a worker is put together."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from chassis_rabbitmq.consuming.consumer import read
from chassis_rabbitmq.consuming.delivery import Delivery
from chassis_workers.features import WORKER_FEATURES, WorkerSettings
from chassis_workers.process import Worker
from chassis_workers.schedule import Schedule
from chassis_workers.tasks import Consumer, Job
from chassis_workers.turn import Due, job_queue, turn_of

__all__ = ["Worker", "build_worker"]


def build_worker(
    name: str,
    consumers: Iterable[Consumer[Any]],
    jobs: Sequence[Job],
    settings: WorkerSettings,
) -> Worker:
    """Build a worker: the features, what it consumes, and what it does at set times.

    Its queues are named after it, so a name stays. The settings are at ``worker.state.settings``.
    """
    worker = Worker(name, settings)
    for consumer in consumers:
        worker.subscriptions.consume(consumer, worker)
    for job in jobs:
        _take(job, worker)
    if jobs:
        worker.meanwhile = Schedule(jobs, partial(turn_of, name, settings)).run
    for feature in WORKER_FEATURES:
        feature.install(worker, settings)
        worker.lifespans.append(partial(feature.lifespan, worker, settings))
    return worker


def _take(job: Job, worker: Worker) -> None:
    """Have a job run when a message says that it is due."""

    async def handle(delivery: Delivery) -> None:
        await job.handle(read(Due, delivery.body).due, worker)

    worker.subscriptions.take(job_queue(worker.title, job.name), handle)

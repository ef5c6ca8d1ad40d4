"""Metrics of a worker, at ``/metrics`` of the port of its probes.

How long messages took, what became of them, and how many wait in each queue.
"""

import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.core import GaugeMetricFamily

from chassis import metrics
from chassis_rabbitmq.consuming.delivery import Delivery
from chassis_rabbitmq.consuming.handling import Outcome
from chassis_workers.process import Worker
from chassis_workers.queue_depths import QueueDepths
from chassis_workers.settings import Settings

BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300)


def install(worker: Worker, settings: Settings) -> None:
    """Tell of messages and queues beside the probes."""
    told = metrics.expose(worker.state.probes, worker.state.service)
    worker.state.metrics = told
    _observe(worker, told.registry)
    depths = worker.state.queue_depths = QueueDepths(settings, worker.queues)

    async def queues() -> Iterable[Metric]:
        found = GaugeMetricFamily(
            "messaging_queue_messages", "Messages that wait in a queue.", labels=["queue"]
        )
        for name, number in (await depths.measured()).items():
            found.add_metric([name], number)
        return [found]

    told.sources.append(queues)


@asynccontextmanager
async def lifespan(worker: Worker, _settings: object) -> AsyncIterator[None]:
    """Close the connection that asks for the queues when the worker stops."""
    try:
        yield
    finally:
        await worker.state.queue_depths.close()


def _observe(worker: Worker, registry: CollectorRegistry) -> None:
    durations = Histogram(
        "messaging_process_duration_seconds",
        "How long attempts to handle a message took.",
        ["task"],
        buckets=BUCKETS,
        registry=registry,
    )
    handled = Counter(
        "messages_handled", "What became of messages.", ["task", "outcome"], registry=registry
    )
    active = Gauge("messages_in_progress", "Messages that are handled.", registry=registry)
    for queue in worker.queues:  # known from the start: a first failure must show
        durations.labels(queue.name)
        for outcome in Outcome:
            handled.labels(queue.name, outcome.name.lower())

    @contextmanager
    def timed(delivery: Delivery) -> Iterator[None]:
        started = time.perf_counter()
        with active.track_inprogress():
            try:
                yield
            finally:
                durations.labels(delivery.task).observe(time.perf_counter() - started)

    def count(delivery: Delivery, outcome: Outcome) -> None:
        handled.labels(delivery.task, outcome.name.lower()).inc()

    worker.handling.attempt_scopes.append(timed)
    worker.handling.observers.append(count)

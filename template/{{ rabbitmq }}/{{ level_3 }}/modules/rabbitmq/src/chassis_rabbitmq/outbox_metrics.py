"""The outbox as metrics: how many events wait or were refused, and for how long the oldest waits."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fastapi import FastAPI
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from chassis.feature import no_lifespan

if TYPE_CHECKING:
    from chassis_rabbitmq.outbox.store import Outbox


def install(app: FastAPI, _settings: object) -> None:
    """Ask the outbox at every scrape."""
    outbox: Outbox = app.state.outbox

    async def backlog() -> Iterable[Metric]:
        found = await outbox.backlog()
        events = GaugeMetricFamily("outbox_events", "Events in the outbox.", labels=["state"])
        events.add_metric(["waiting"], found.waiting)
        events.add_metric(["refused"], found.refused)
        oldest = "How long the oldest event that waits has waited."
        return [events, GaugeMetricFamily("outbox_oldest_seconds", oldest, value=found.oldest_s)]

    app.state.metrics.sources.append(backlog)


lifespan = no_lifespan

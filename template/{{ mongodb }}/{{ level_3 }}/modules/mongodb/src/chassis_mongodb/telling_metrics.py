"""Untold activities as metrics: how many wait or were refused, and for how long the oldest waits."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fastapi import FastAPI
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from chassis.feature import no_lifespan

if TYPE_CHECKING:
    from chassis_mongodb.telling.store import Untold


def install(app: FastAPI, _settings: object) -> None:
    """Ask for what is untold at every scrape."""
    untold: Untold = app.state.untold

    async def backlog() -> Iterable[Metric]:
        found = await untold.backlog()
        about = "Activities that the document service does not know."
        activities = GaugeMetricFamily("untold_activities", about, labels=["state"])
        activities.add_metric(["waiting"], found.waiting)
        activities.add_metric(["refused"], found.refused)
        oldest = GaugeMetricFamily(
            "untold_activities_oldest_seconds",
            "How long the oldest activity that waits has waited.",
            value=found.oldest_s,
        )
        return [activities, oldest]

    app.state.metrics.sources.append(backlog)


lifespan = no_lifespan

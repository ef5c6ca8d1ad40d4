"""Daily counts: numbers by name and day, which workers add to or set, and everybody may read."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_workers.data.daily_counts.repository import DailyCounts
from chassis_workers.data.daily_counts.routes import router

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes of the counts."""
    app.state.daily_counts = DailyCounts(app.state.database)
    app.include_router(router)


lifespan = no_lifespan

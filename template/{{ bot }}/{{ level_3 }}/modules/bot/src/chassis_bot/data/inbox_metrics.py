"""Metrics of the inbox of a bot: how much waits there, and for how long."""

from collections.abc import Iterable
from typing import cast

from fastapi import FastAPI
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import Table, func, select

from chassis.feature import no_lifespan
from chassis_bot.data.bot_updates.model import BotUpdate

__all__ = ["install", "lifespan"]

_UPDATES = cast("Table", BotUpdate.__table__)
_AGE = func.extract("epoch", func.now() - func.min(_UPDATES.c.created_at))
_WAITING = (
    select(func.count().label("number"), func.greatest(func.coalesce(_AGE, 0), 0).label("age"))
    .select_from(_UPDATES)
    .where(_UPDATES.c.done_at.is_(None))
)


def install(app: FastAPI, _settings: object) -> None:
    """Ask the database at every scrape what waits."""

    async def waiting() -> Iterable[Metric]:
        async with app.state.database.connect() as connection:
            found = (await connection.execute(_WAITING)).one()
        return [
            GaugeMetricFamily(
                "bot_inbox_waiting", "Updates that the bot has not handled.", value=found.number
            ),
            GaugeMetricFamily(
                "bot_inbox_oldest_seconds", "Since when the oldest of them waits.", value=found.age
            ),
        ]

    app.state.metrics.sources.append(waiting)


lifespan = no_lifespan

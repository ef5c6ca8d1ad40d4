"""What a data service does with its database: its connections, and what it writes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from fastapi import FastAPI
from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.feature import no_lifespan

if TYPE_CHECKING:
    from sqlalchemy.pool import QueuePool

    from chassis.database.engine import Change, Database


def install(app: FastAPI, _settings: object) -> None:
    """Tell of the pool of connections, and count writes by table."""
    database: Database = app.state.database
    registry = app.state.metrics.registry
    registry.register(_Pool(database))
    written = Counter(
        "record_changes",
        "Records that were added, changed or removed.",
        ["table", "kind"],
        registry=registry,
    )

    async def count(_connection: AsyncConnection, change: "Change") -> None:
        written.labels(change.table, change.kind).inc()

    database.recorders.append(count)


lifespan = no_lifespan


class _Pool(Collector):
    """The connections that requests share, when they are asked for."""

    def __init__(self, database: "Database") -> None:
        self._database = database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        pool = cast("QueuePool", self._database.engine.pool)
        connections = GaugeMetricFamily(
            "db_client_connection_count", "Connections to the database, by state.", labels=["state"]
        )
        connections.add_metric(["used"], pool.checkedout())
        connections.add_metric(["idle"], pool.checkedin())
        yield connections
        yield GaugeMetricFamily(
            "db_client_connection_max", "Connections that there may be.", value=pool.size()
        )

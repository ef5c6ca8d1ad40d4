"""Reconciliations: what comparing the books with the providers came to, day by day."""

from collections.abc import Iterable
from typing import cast

from fastapi import FastAPI
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import Table, func, select

from chassis.feature import no_lifespan
from chassis_payments.data.payment_reconciliations.books import Reconciliations
from chassis_payments.data.payment_reconciliations.model import PaymentReconciliation
from chassis_payments.data.payment_reconciliations.routes import router

__all__ = ["install", "lifespan"]

_table = cast("Table", PaymentReconciliation.__table__)
# The last weeks: a difference stays until the day was compared again and is right.
_RECENT = (
    select(
        _table.c.provider,
        func.sum(func.jsonb_array_length(_table.c.differences)).label("differences"),
        func.extract("epoch", func.now() - (func.max(_table.c.day) + 1)).label("age"),
    )
    .where(_table.c.state == "done", _table.c.day > func.current_date() - 31)
    .group_by(_table.c.provider)
)


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes, and tell what was found."""
    app.state.payment_reconciliations = Reconciliations(app.state.database)
    app.include_router(router)

    async def found() -> Iterable[Metric]:
        differences = GaugeMetricFamily(
            "provider_reconciliation_differences",
            "What the books and a provider do not agree about, in the last month.",
            labels=["provider"],
        )
        age = GaugeMetricFamily(
            "provider_reconciliation_age_seconds",
            "How long ago the last day ended that was compared.",
            labels=["provider"],
        )
        async with app.state.database.connect() as connection:
            for row in await connection.execute(_RECENT):
                differences.add_metric([row.provider], float(row.differences))
                age.add_metric([row.provider], float(row.age))
        return [differences, age]

    app.state.metrics.sources.append(found)


lifespan = no_lifespan

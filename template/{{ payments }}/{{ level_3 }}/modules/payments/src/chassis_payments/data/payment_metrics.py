"""Metrics of payments: what they come to, and what waits to be found out."""

from collections.abc import Callable, Iterable
from typing import Any, cast, get_args

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter, Metric
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import ColumnElement, Select, Table, case, func, select

from chassis.feature import no_lifespan
from chassis.webhooks.inbox import EventState
from chassis_payments.data.provider_events.model import ProviderEvent
from chassis_payments.data.provider_payments.model import ProviderPayment, ProviderRefund
from chassis_payments.data.steps import Step
from chassis_payments.payments import DisputeState, ProviderName, RefundState
from chassis_payments.states import STEPS

__all__ = ["install", "lifespan"]

PROVIDERS: tuple[ProviderName, ...] = get_args(ProviderName)


def install(app: FastAPI, _settings: object) -> None:
    """Count what is written, and ask the database at every scrape what waits."""
    registry = app.state.metrics.registry
    app.state.provider_payments.listeners.append(_steps(registry))
    app.state.provider_events.listeners.append(_events(registry))

    async def waiting() -> Iterable[Metric]:
        async with app.state.database.connect() as connection:
            new = (await connection.execute(_NEW)).one()
            unknown = (await connection.execute(_UNKNOWN)).one()
            refunds = (await connection.execute(_REFUNDS)).one()
        return [
            GaugeMetricFamily(
                "provider_events_waiting", "Webhooks that nobody has acted on.", value=new.number
            ),
            GaugeMetricFamily(
                "provider_events_oldest_seconds", "Since when the oldest waits.", value=new.age
            ),
            GaugeMetricFamily(
                "provider_payments_unknown", "Payments in doubt.", value=unknown.number
            ),
            GaugeMetricFamily(
                "provider_payments_unknown_oldest_seconds",
                "Since when the oldest is in doubt.",
                value=unknown.age,
            ),
            GaugeMetricFamily(
                "provider_refunds_unknown",
                "Refunds in doubt, or not asked for.",
                value=refunds.number,
            ),
            GaugeMetricFamily(
                "provider_refunds_unknown_oldest_seconds",
                "Since when the oldest of them waits.",
                value=refunds.age,
            ),
        ]

    app.state.metrics.sources.append(waiting)


lifespan = no_lifespan


def _steps(registry: CollectorRegistry) -> Callable[[Step], None]:
    payments = Counter(
        "provider_payments", "What payments came to.", ["provider", "state"], registry=registry
    )
    refunds = Counter(
        "provider_refunds", "What refunds came to.", ["provider", "state"], registry=registry
    )
    disputes = Counter(
        "provider_disputes", "What disputes came to.", ["provider", "state"], registry=registry
    )
    counters = {"payment": payments, "refund": refunds, "dispute": disputes}
    _known(payments, STEPS)
    _known(refunds, get_args(RefundState))
    _known(disputes, get_args(DisputeState))

    def count(step: Step) -> None:
        counters[step.kind].labels(step.provider, step.state).inc()

    return count


def _events(registry: CollectorRegistry) -> Callable[[str, EventState], None]:
    events = Counter(
        "provider_events",
        "How acting on webhooks ended; new ones are tried again.",
        ["provider", "state"],
        registry=registry,
    )
    _known(events, get_args(EventState.__value__))

    def count(provider: str, state: EventState) -> None:
        events.labels(provider, state).inc()

    return count


def _known(counter: Counter, states: Iterable[str]) -> None:
    """Tell of every series from the start: a first failure must show."""
    for state in states:
        for provider in PROVIDERS:
            counter.labels(provider, state)


def _waiting(table: Table, since: ColumnElement[Any], *of: ColumnElement[bool]) -> Select[Any]:
    """Say how many of these there are, and for how many seconds the oldest has waited."""
    age = func.extract("epoch", func.now() - func.min(since))
    number = func.count().label("number")
    oldest = func.greatest(func.coalesce(age, 0), 0).label("age")
    return select(number, oldest).select_from(table).where(*of)


_events_table, _payments_table, _refunds_table = (
    cast("Table", model.__table__) for model in (ProviderEvent, ProviderPayment, ProviderRefund)
)
_NEW = _waiting(_events_table, _events_table.c.created_at, _events_table.c.state == "new")
# What was never opened has been in doubt from the start, however often it was asked for again.
_DOUBTED = case(
    (_payments_table.c.reference.is_(None), _payments_table.c.created_at),
    else_=_payments_table.c.updated_at,
)
_UNKNOWN = _waiting(_payments_table, _DOUBTED, _payments_table.c.state == "unknown")
_REFUNDS = _waiting(
    _refunds_table,
    _refunds_table.c.created_at,
    _refunds_table.c.state.in_(("pending", "unknown")),
    _refunds_table.c.reference.is_(None),  # one that has a name there waits for a bank
)

"""Logins as metrics: how many there are, and how many are refused."""

from uuid import UUID

from fastapi import FastAPI
from prometheus_client import Counter

from chassis.feature import no_lifespan
from chassis_accounts.login.events import LoginEvent


def install(app: FastAPI, _settings: object) -> None:
    """Count what happens where people log in."""
    told = Counter(
        "logins", "What came of logins.", ["outcome"], registry=app.state.metrics.registry
    )
    for event in LoginEvent:  # known from the start: a first one must show
        told.labels(event.name.lower())

    def count(event: LoginEvent, _account: UUID | None) -> None:
        told.labels(event.name.lower()).inc()

    app.state.login.observers.append(count)


lifespan = no_lifespan

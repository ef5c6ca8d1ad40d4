"""Metrics: ``/metrics`` tells Prometheus what a service does.

What is registered with prometheus_client by itself is told too, so a metric of one's own is one
line: ``LOANS_APPROVED = Counter("loans_approved_total", "Loans that were approved.")``, and
``LOANS_APPROVED.inc()`` where it happens.
"""

from fastapi import FastAPI

from chassis.environment import Service
from chassis.feature import no_lifespan
from chassis.health.access_log import leave_out
from chassis.metrics.exposition import Metrics, Source
from chassis.metrics.requests import RequestMetrics
from chassis.metrics.routes import router

__all__ = ["Metrics", "Source", "expose", "install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Count and time every request, and tell of it at ``/metrics``."""
    metrics = expose(app, app.state.service)
    app.add_middleware(RequestMetrics, registry=metrics.registry, streams=app.state.streams)


lifespan = no_lifespan


def expose(app: FastAPI, service: Service) -> Metrics:
    """Add ``/metrics`` to an application; what it tells is at ``app.state.metrics``."""
    metrics: Metrics = Metrics(service)
    app.state.metrics = metrics
    app.include_router(router)
    leave_out("/metrics")
    return metrics

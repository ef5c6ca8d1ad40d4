"""Uploads as metrics: what became of them, and how many bytes are kept."""

from fastapi import FastAPI
from prometheus_client import Counter

from chassis.feature import no_lifespan
from chassis_files.file_api.receiving import OUTCOMES
from chassis_files.storage_metrics import count_failures

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Count uploads, and what the store cannot do."""
    registry = app.state.metrics.registry
    uploads = Counter("files_uploads", "What became of uploads.", ["outcome"], registry=registry)
    kept = Counter("files_uploaded_bytes", "Bytes of files that are kept.", registry=registry)
    for outcome in OUTCOMES:  # known from the start: a first failure must show
        uploads.labels(outcome)

    def count(outcome: str, size: int) -> None:
        uploads.labels(outcome).inc()
        kept.inc(size)

    app.state.upload_observers.append(count)
    count_failures(app.state.storage, registry)


lifespan = no_lifespan

"""Replica: lists are read from a second database that follows the first, while it is up to date.

Without REPLICA_DATABASE_URL everything is read from the first.
"""

from fastapi import FastAPI
from prometheus_client import Counter

from chassis.database import Database, DatabaseSettings
from chassis.feature import no_lifespan
from chassis.replica.database import Outcome, ReplicatedDatabase
from chassis.replica.settings import ReplicaSettings as Settings

__all__ = ["ReplicatedDatabase", "Settings", "install", "lifespan"]


def install(app: FastAPI, settings: Settings) -> None:
    """Put a database that reads lists from its replica in the place of the one that is there."""
    if settings.replica_database_url is None:
        return
    reads = Counter(
        "db_list_reads",
        "Lists, by where they were read: from the replica, or why not.",
        ["outcome"],
        registry=app.state.metrics.registry,
    )

    def count(outcome: Outcome) -> None:
        reads.labels(outcome).inc()

    first: DatabaseSettings = app.state.database.settings
    follower = first.model_copy(update={"database_url": settings.replica_database_url})
    app.state.database = ReplicatedDatabase(first, Database(follower), settings, count)


lifespan = no_lifespan

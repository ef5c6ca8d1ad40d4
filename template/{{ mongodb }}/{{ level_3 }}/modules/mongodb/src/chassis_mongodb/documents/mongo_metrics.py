"""What the document service does with MongoDB: its connections, and its commands."""

from typing import TYPE_CHECKING

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Gauge, Histogram
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
    ConnectionCheckedInEvent,
    ConnectionCheckedOutEvent,
    ConnectionCheckOutFailedEvent,
    ConnectionCheckOutStartedEvent,
    ConnectionClosedEvent,
    ConnectionCreatedEvent,
    ConnectionPoolListener,
    ConnectionReadyEvent,
    PoolClearedEvent,
    PoolClosedEvent,
    PoolCreatedEvent,
    PoolReadyEvent,
)

from chassis.feature import no_lifespan

if TYPE_CHECKING:
    from chassis_mongodb.documents.mongo import Mongo

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_MICROSECONDS = 1_000_000


def install(app: FastAPI, _settings: object) -> None:
    """Tell of the connections, and time every command."""
    mongo: Mongo = app.state.mongo
    registry = app.state.metrics.registry
    mongo.listeners += [_Commands(registry), _Pool(registry)]


lifespan = no_lifespan


class _Commands(CommandListener):
    """Times commands by name, and tells whether they succeeded."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._durations = Histogram(
            "mongodb_command_duration_seconds",
            "How long commands took.",
            ["command", "result"],
            buckets=BUCKETS,
            registry=registry,
        )

    def started(self, event: CommandStartedEvent) -> None:
        """Nothing is to be said of one that begins."""

    def succeeded(self, event: CommandSucceededEvent) -> None:
        self._observe(event.command_name, "done", event.duration_micros)

    def failed(self, event: CommandFailedEvent) -> None:
        self._observe(event.command_name, "failed", event.duration_micros)

    def _observe(self, command: str, result: str, microseconds: int) -> None:
        self._durations.labels(command, result).observe(microseconds / _MICROSECONDS)


class _Pool(ConnectionPoolListener):
    """Counts the connections that requests share, and those in use."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._open = Gauge(
            "mongodb_connections_open", "Connections to MongoDB that are open.", registry=registry
        )
        self._used = Gauge(
            "mongodb_connections_used", "Connections to MongoDB that are in use.", registry=registry
        )

    def connection_created(self, event: ConnectionCreatedEvent) -> None:  # noqa: ARG002
        self._open.inc()

    def connection_closed(self, event: ConnectionClosedEvent) -> None:  # noqa: ARG002
        self._open.dec()

    def connection_checked_out(self, event: ConnectionCheckedOutEvent) -> None:  # noqa: ARG002
        self._used.inc()

    def connection_checked_in(self, event: ConnectionCheckedInEvent) -> None:  # noqa: ARG002
        self._used.dec()

    def pool_created(self, event: PoolCreatedEvent) -> None:
        """Only connections are counted."""

    def pool_ready(self, event: PoolReadyEvent) -> None:
        """Only connections are counted."""

    def pool_cleared(self, event: PoolClearedEvent) -> None:
        """Only connections are counted: each that is closed says so."""

    def pool_closed(self, event: PoolClosedEvent) -> None:
        """Only connections are counted."""

    def connection_ready(self, event: ConnectionReadyEvent) -> None:
        """Only that it is open is counted."""

    def connection_check_out_started(self, event: ConnectionCheckOutStartedEvent) -> None:
        """Only that it is there is counted."""

    def connection_check_out_failed(self, event: ConnectionCheckOutFailedEvent) -> None:
        """Only commands tell of failures."""

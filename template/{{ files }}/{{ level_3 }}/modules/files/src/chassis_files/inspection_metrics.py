"""How a worker looks at files, as metrics: what they come to, how long it takes, and what waits."""

import datetime as dt
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from chassis.feature import no_lifespan
from chassis_files.process import Process
from chassis_files.storage_metrics import count_failures

__all__ = ["install", "lifespan"]

BUCKETS: Final = (0.05, 0.1, 0.5, 1, 5, 10, 30, 60)


class InspectionMetrics:
    """Counts and times what it is told of; the age of what waits grows by itself."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._since: dt.datetime | None = None
        self._decided = Counter(
            "files_decided", "What files came to.", ["state"], registry=registry
        )
        self._looked = Histogram(
            "files_look_duration_seconds",
            "How long files were looked at.",
            buckets=BUCKETS,
            registry=registry,
        )
        self._scanned = Histogram(
            "files_scan_duration_seconds",
            "How long scans for viruses took.",
            buckets=BUCKETS,
            registry=registry,
        )
        waiting = Gauge(
            "files_oldest_waiting_seconds",
            "How long the file has waited that waits longest to be looked at.",
            registry=registry,
        )
        waiting.set_function(self._age)
        for state in ("clean", "rejected"):  # known from the start: a first one must show
            self._decided.labels(state)

    def waits(self, since: dt.datetime | None) -> None:
        """Keep since when the oldest file waits: while nobody can tell, it waits on."""
        self._since = since

    def scanned(self, seconds: float) -> None:
        """Time a scan."""
        self._scanned.observe(seconds)

    def decided(self, state: str, seconds: float) -> None:
        """Count and time a decision."""
        self._decided.labels(state).inc()
        self._looked.observe(seconds)

    def _age(self) -> float:
        if self._since is None:
            return 0
        return max((dt.datetime.now(dt.UTC) - self._since).total_seconds(), 0)


def install(worker: Process, _settings: object) -> None:
    """Watch how files are looked at, and what the store cannot do."""
    registry = worker.state.metrics.registry
    worker.state.file_watchers.append(InspectionMetrics(registry))
    count_failures(worker.state.storage, registry)


lifespan = no_lifespan

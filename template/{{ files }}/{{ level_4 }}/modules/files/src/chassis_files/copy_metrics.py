"""How long files wait to be copied to the second store, as a metric."""

import datetime as dt

from prometheus_client import CollectorRegistry, Gauge

from chassis.feature import no_lifespan
from chassis_files.process import Process

__all__ = ["install", "lifespan"]


class CopyMetrics:
    """Keeps since when the oldest file waits; its age grows by itself."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._since: dt.datetime | None = None
        age = Gauge(
            "files_oldest_uncopied_seconds",
            "How long the file has waited that waits longest to be copied.",
            registry=registry,
        )
        age.set_function(self._age)

    def waits(self, since: dt.datetime | None) -> None:
        """Keep it: while nobody can tell, it waits on."""
        self._since = since

    def _age(self) -> float:
        if self._since is None:
            return 0
        return max((dt.datetime.now(dt.UTC) - self._since).total_seconds(), 0)


def install(worker: Process, _settings: object) -> None:
    """Watch how files are copied."""
    worker.state.copy_watchers.append(CopyMetrics(worker.state.metrics.registry))


lifespan = no_lifespan

"""What a feature of a worker is."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from chassis_workers.process import Worker


class WorkerFeature[SettingsT](Protocol):
    """As a feature of a web application is; many features of the chassis are both."""

    def install(self, worker: Worker, settings: SettingsT, /) -> None:
        """Add to a worker that is being built."""

    def lifespan(self, worker: Worker, settings: SettingsT, /) -> AbstractAsyncContextManager[None]:
        """Hold open what the feature needs while the worker runs."""

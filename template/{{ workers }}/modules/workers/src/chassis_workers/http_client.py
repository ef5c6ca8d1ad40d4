"""HTTP client of a worker, at ``worker.state.http``: its writes happen once."""

from chassis.feature import Host
from chassis.http_client import Settings, lifespan
from chassis_workers.once import MessageHttp

__all__ = ["install", "lifespan"]


def install(worker: Host, settings: Settings) -> None:
    """Give the worker its client; it connects with the first request."""
    worker.state.http = MessageHttp(settings)

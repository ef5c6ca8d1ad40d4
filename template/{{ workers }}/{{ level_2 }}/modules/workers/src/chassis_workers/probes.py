"""Probes of a worker: ``/health`` and ``/ready``, as web applications answer them.

A worker adds what else has to work: ``worker.state.checks.add(...)``, and with ``optional=True`` what
it can do without.
"""

from chassis.probes import Settings, prepare
from chassis.probes import answered as lifespan
from chassis.problems import Unavailable
from chassis_workers.process import Worker

__all__ = ["Settings", "install", "lifespan"]

NO_RABBITMQ = "Is not connected."
_PING_S = 0.5


def install(worker: Worker, settings: Settings) -> None:
    """Add the checks of RabbitMQ, and of each service that the worker depends on."""
    prepare(worker, settings)

    async def check() -> None:
        if not await worker.broker.ping(timeout=_PING_S):
            raise Unavailable(NO_RABBITMQ)

    worker.state.checks.add("rabbitmq", check)

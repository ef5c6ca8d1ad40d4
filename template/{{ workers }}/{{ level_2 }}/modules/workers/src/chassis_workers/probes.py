"""Probes of a worker: ``/health`` and ``/ready``, as web applications answer them.

They are answered at a port of their own, by the event loop that handles the messages: one that
hangs does not answer. A worker adds what else has to work: ``worker.state.checks.add(...)``, and
with ``optional=True`` what it can do without.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from fastapi import FastAPI
from pydantic import Field

from chassis import health, server
from chassis.problems import Unavailable
from chassis_workers.process import Worker

NO_RABBITMQ = "Is not connected."
_PING_S = 0.5
_STOP_S = 1
"""Seconds that whoever asks gets when the worker stops: nobody waits for a probe."""


class Settings(health.Settings):
    """Settings of the probes."""

    probe_host: str = "127.0.0.1"
    """The address at which probes are answered."""
    probe_port: int | None = Field(default=None, ge=0, le=65535)
    """The port at which probes are answered; without it they are not."""


class _Server(server.Server):
    """A server that leaves the signals to the worker."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def install(worker: Worker, settings: Settings) -> None:
    """Add the checks of RabbitMQ, and of each service that the worker depends on."""
    app = FastAPI(openapi_url=None)
    app.state.http = worker.state.http
    health.install(app, settings)

    async def check() -> None:
        if not await worker.broker.ping(timeout=_PING_S):
            raise Unavailable(NO_RABBITMQ)

    app.state.checks.add("rabbitmq", check)
    worker.state.checks = app.state.checks
    worker.state.probes = app


@asynccontextmanager
async def lifespan(worker: Worker, settings: Settings) -> AsyncIterator[None]:
    """Answer probes while the worker runs, if it has a port for them."""
    async with health.lifespan(worker.state.probes, settings):
        if settings.probe_port is None:
            yield
            return
        with socket.create_server((settings.probe_host, settings.probe_port)) as listening:
            async with _answering(worker.state.probes, listening):
                yield


@asynccontextmanager
async def _answering(app: FastAPI, listening: socket.socket) -> AsyncIterator[None]:
    limits = server.Settings()  # as every server has them
    answering = _Server(
        app, limits, lifespan="off", log_level="warning", timeout_graceful_shutdown=_STOP_S
    )
    serving = asyncio.create_task(answering.serve(sockets=[listening]))
    try:
        yield
    finally:
        answering.should_exit = True
        await serving

"""Probes of a process without HTTP of its own: ``/health`` and ``/ready``, at a port for them.

The event loop that does the work answers them: one that hangs does not answer. What else has to work
is added as in a web application: ``process.state.checks.add(...)``.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from fastapi import FastAPI
from pydantic import Field

from chassis import health, server
from chassis.process import Process

_STOP_S = 1
"""Seconds that whoever asks gets when the process stops: nobody waits for a probe."""


class Settings(health.Settings):
    """Settings of the probes."""

    probe_host: str = "127.0.0.1"
    """The address at which probes are answered."""
    probe_port: int | None = Field(default=None, ge=0, le=65535)
    """The port at which probes are answered; without it they are not."""


class _Server(server.Server):
    """A server that leaves the signals to the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def prepare(process: Process, settings: Settings) -> None:
    """Add the checks of each service that the process depends on."""
    app = FastAPI(openapi_url=None)
    app.state.http = process.state.http
    health.install(app, settings)
    process.state.checks = app.state.checks
    process.state.probes = app


@asynccontextmanager
async def answered(process: Process, settings: Settings) -> AsyncIterator[None]:
    """Answer probes while the process runs, if it has a port for them."""
    async with health.lifespan(process.state.probes, settings):
        if settings.probe_port is None:
            yield
            return
        with socket.create_server((settings.probe_host, settings.probe_port)) as listening:
            async with _answering(process.state.probes, listening):
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

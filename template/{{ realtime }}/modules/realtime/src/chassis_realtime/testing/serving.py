"""An application with one audience, served as it is elsewhere."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from chassis.app import assemble
from chassis.features import FEATURES, FeatureSettings
from chassis.server import Server

AUDIENCE = "beds"


@dataclass(frozen=True)
class Served:
    """An application that is being served, and what stops it."""

    app: FastAPI
    server: Server
    address: str

    @property
    def events(self) -> str:
        """Say where the stream of the audience is."""
        return f"http://{self.address}/api/v1/{AUDIENCE}/live/events"

    @property
    def socket(self) -> str:
        """Say where its WebSocket is."""
        return f"ws://{self.address}/api/v1/{AUDIENCE}/live/socket"


@asynccontextmanager
async def serving(**values: Any) -> AsyncIterator[Served]:
    """Serve an application with these settings, in the loop of the test."""
    settings = FeatureSettings(**values)
    app = assemble("Garden", [], settings, FEATURES)
    with socket.create_server(("127.0.0.1", 0)) as open_:
        host, port = open_.getsockname()
        server = Server(app, settings)
        task = asyncio.create_task(server._serve([open_]))  # noqa: SLF001  # without its signals
        while not server.started and not task.done():  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0.005)
        try:
            yield Served(app, server, f"{host}:{port}")
        finally:
            server.should_exit = True
            await task

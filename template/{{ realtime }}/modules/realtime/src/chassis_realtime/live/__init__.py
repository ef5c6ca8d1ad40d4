"""Live: the changes of each audience, over Server-Sent Events and over WebSocket.

``GET /api/v1/loans/live/events`` is a stream of events, ``/api/v1/loans/live/socket`` a WebSocket. Who may
read ``/api/v1/loans`` may follow it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from chassis_realtime.audiences import declared_audiences
from chassis_realtime.hub import Hub
from chassis_realtime.live.places import Places
from chassis_realtime.live.routes import router_of
from chassis_realtime.live.settings import LiveSettings, Settings
from chassis_realtime.log import Log

__all__ = ["Settings", "install", "lifespan"]


def install(app: FastAPI, settings: LiveSettings) -> None:
    """Give the application its hub, and each audience its routes."""
    redis = app.state.redis
    log = app.state.live_log = Log(redis, settings)
    app.state.hub = Hub(
        redis,
        log,
        bound=settings.realtime_queue,
        heartbeat=settings.realtime_heartbeat,
    )
    app.state.places = Places(settings)
    for audience in declared_audiences():
        router = router_of(audience)
        app.include_router(router)
        app.state.streams.add(f"{router.prefix}/live/events")


@asynccontextmanager
async def lifespan(app: FastAPI, _settings: LiveSettings) -> AsyncIterator[None]:
    """Hear what is new while the application runs; let go of all clients when it stops."""
    app.state.hub.begin()
    tasks = [asyncio.create_task(app.state.hub.listen()), asyncio.create_task(_stop_in_time(app))]
    try:
        yield
    finally:
        app.state.hub.stop()
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _stop_in_time(app: FastAPI) -> None:
    await app.state.stopping.wait()
    app.state.hub.stop()

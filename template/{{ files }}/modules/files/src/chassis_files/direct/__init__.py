"""Direct uploads: bytes go from a client to the store by signed links, and not through the API.

What comes so is out of reach of every link once it is looked at: `chassis_files.inspection` copies
it first.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from chassis.body_limit import allow_larger
from chassis_files.direct.opening import direct_storage
from chassis_files.direct.own import PARTS
from chassis_files.direct.receiving import router as parts_router
from chassis_files.direct.routes import router
from chassis_files.storage import Settings

__all__ = ["install", "lifespan"]


def install(app: FastAPI, settings: Settings) -> None:
    """Add the routes; what signs links is at ``state.direct``."""
    app.state.direct = direct_storage(settings, app.state.storage)
    allow_larger(app, PARTS, settings.files_max_bytes)
    app.include_router(router)
    app.include_router(parts_router)


@asynccontextmanager
async def lifespan(app: FastAPI, _settings: Settings) -> AsyncIterator[None]:
    """Close the connections to the store when the service stops."""
    try:
        yield
    finally:
        await app.state.direct.close()

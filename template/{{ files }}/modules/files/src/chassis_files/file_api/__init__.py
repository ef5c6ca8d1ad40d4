"""Files in the business API: uploaded, listed, downloaded and given up."""

from fastapi import FastAPI

from chassis.body_limit import allow_larger
from chassis.feature import no_lifespan
from chassis_files.file_api.delivery import PREFIX, Delivery
from chassis_files.file_api.multipart import OVERHEAD
from chassis_files.file_api.routes import router
from chassis_files.storage import Settings

__all__ = ["install", "lifespan"]


def install(app: FastAPI, settings: Settings) -> None:
    """Add the routes; the body of an upload may be as large as a file."""
    app.state.upload_observers = []
    app.state.download_observers = []
    app.state.file_delivery = Delivery()
    allow_larger(app, PREFIX, settings.files_max_bytes + OVERHEAD)
    app.include_router(router)


lifespan = no_lifespan

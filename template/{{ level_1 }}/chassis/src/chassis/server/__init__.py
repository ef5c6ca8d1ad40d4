"""Server: how a web application is served, wherever it runs.

``python -m chassis.serve my_service.main:create_app --port 8000``
"""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis.server.server import Server
from chassis.server.settings import Settings

__all__ = ["Server", "Settings", "install", "lifespan"]


def install(app: FastAPI, settings: Settings) -> None:
    """Keep the limits where the server finds them."""
    app.state.server = settings


lifespan = no_lifespan

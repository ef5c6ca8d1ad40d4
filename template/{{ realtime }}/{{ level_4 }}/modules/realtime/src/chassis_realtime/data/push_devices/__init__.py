"""Devices that are told of changes by push, each for one collection."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_realtime.data.push_devices.repository import PushDevices
from chassis_realtime.data.push_devices.routes import router

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes of the devices."""
    app.state.push_devices = PushDevices(app.state.database)
    app.include_router(router)


lifespan = no_lifespan

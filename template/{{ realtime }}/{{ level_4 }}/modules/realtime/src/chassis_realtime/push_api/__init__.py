"""Devices: who is logged in has them told by push what happens to a collection."""

import sys

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis.identity.rules import SIGNED_IN
from chassis_realtime.devices import PATH
from chassis_realtime.kept_devices import KeptDevices
from chassis_realtime.push_api.routes import router
from chassis_realtime.push_api.settings import DeviceSettings, Settings

__all__ = ["Settings", "install", "lifespan"]

OWN_ROUTES = (f"PUT {PATH}", f"GET {PATH}", f"GET {PATH}/key", f"DELETE {PATH}/{{device_id}}")
NO_KEY = (
    "settings: PUSH_VAPID_PUBLIC_KEY must be set to push by web_push: `make push-key` makes one"
)


def install(app: FastAPI, settings: DeviceSettings) -> None:
    """Add the routes: for everybody who is logged in, whatever the policy says of others."""
    if "web_push" in settings.push_providers and not settings.push_vapid_public_key:
        sys.exit(NO_KEY)
    state = app.state
    # The client of other services as it is here, without the cache that comes later.
    state.kept_devices = KeptDevices(state.http, str(getattr(state.settings, "data_api_url", "")))
    taken = dict.fromkeys(OWN_ROUTES, SIGNED_IN)
    state.route_permissions = {**getattr(state, "route_permissions", {}), **taken}
    app.include_router(router)


lifespan = no_lifespan

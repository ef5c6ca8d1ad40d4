from http import HTTPStatus

from pydantic_settings import BaseSettings

from chassis.health.checks import Check
from chassis.http_client import HttpClient
from chassis.problems import Unavailable

SUFFIX = "_api_url"
NOT_READY = "Is not ready."


def addresses(settings: BaseSettings) -> dict[str, str]:
    """Give the address of each service that the settings name: ``data_api_url`` is ``data_api``."""
    named = [name for name in type(settings).model_fields if name.endswith(SUFFIX)]
    found = {name.removesuffix("_url"): getattr(settings, name) for name in named}
    return {name: str(address).rstrip("/") for name, address in found.items() if address}


def answers(http: HttpClient, address: str) -> Check:
    """Make the check that a service is ready itself."""

    async def check() -> None:
        reply = await http.get(f"{address}/ready")
        if reply.status != HTTPStatus.OK:
            raise Unavailable(NOT_READY)

    return check

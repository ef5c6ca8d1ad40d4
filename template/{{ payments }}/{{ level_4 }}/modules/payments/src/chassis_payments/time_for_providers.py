"""More time for what asks a provider than for other requests."""

from fastapi import FastAPI

from chassis.deadlines import allow_longer
from chassis.feature import no_lifespan
from chassis_payments.payment_api.routes import PREFIX

__all__ = ["install", "lifespan"]

LONGEST_S = 40
"""More than two answers of a provider may take."""


def install(app: FastAPI, _settings: object) -> None:
    """Give them more time: what was cut off would have to be looked up."""
    for path in ("", "/{payment_id}/look", "/{payment_id}/refunds"):
        allow_longer(app, f"{PREFIX}{path}", LONGEST_S)


lifespan = no_lifespan

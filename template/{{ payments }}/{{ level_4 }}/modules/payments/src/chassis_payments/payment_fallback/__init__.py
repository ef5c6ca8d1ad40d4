"""Fallback: a payment that one provider surely did not open is opened by the other one.

Surely: it has refused, or it keeps failing and was not asked. What nobody knows is never opened
elsewhere, as it may have been opened already.
"""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_payments.payment_fallback.opening import OpenAnywhere
from chassis_payments.payment_fallback.settings import Settings

__all__ = ["Settings", "install", "lifespan"]


def install(app: FastAPI, settings: Settings) -> None:
    """Open payments at either provider, unless that is not wanted."""
    if settings.payments_fallback:
        app.state.open_payment = OpenAnywhere


lifespan = no_lifespan

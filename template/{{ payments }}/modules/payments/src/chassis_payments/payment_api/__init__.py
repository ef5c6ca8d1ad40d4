"""Payments in the business API: opened, shown, given back; and the webhooks of the providers."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_payments.checking import Check
from chassis_payments.opening import OpenPayment
from chassis_payments.payment_api.routes import router
from chassis_payments.payment_api.webhooks import router as webhooks

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes; what is checked before money moves is at ``state.payment_checks``."""
    app.state.payment_checks = list[Check]()
    app.state.open_payment = OpenPayment
    app.include_router(router)
    app.include_router(webhooks)


lifespan = no_lifespan

"""Payments, and what became of them: attempts, refunds, disputes, and the money that moved."""

from fastapi import FastAPI

from chassis.access_log import polls
from chassis.feature import no_lifespan
from chassis_payments.data.provider_payments.repository import Payments
from chassis_payments.data.provider_payments.routes import router
from chassis_payments.payments import PATH

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes."""
    app.state.provider_payments = Payments(app.state.database)
    app.include_router(router)
    polls.leave_out(f"{PATH}/unsettled/due")


lifespan = no_lifespan

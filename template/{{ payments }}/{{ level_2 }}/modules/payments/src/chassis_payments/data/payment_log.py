"""One log line for each state that a payment, a refund or a dispute comes to.

With the request id that every line has, they tell how it came to that. Nobody who pays is named.
"""

import logging

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_payments.data.steps import Step

__all__ = ["install", "lifespan"]

logger = logging.getLogger(__name__)


def install(app: FastAPI, _settings: object) -> None:
    """Log every step that is written."""
    app.state.provider_payments.listeners.append(_log)


lifespan = no_lifespan


def _log(step: Step) -> None:
    told = {
        "payment": str(step.payment_id),
        "provider": step.provider,
        "was": step.was,
        "state": step.state,
        "amount": step.amount,
        "currency": step.currency,
        "reason": step.reason,
    }
    logger.info("%s %s is %s", step.kind.capitalize(), step.id, step.state, extra=told)

"""Limits: how often somebody may ask for payments and refunds, and what the rules of the project refuse.

Who asks is told apart by the token, and by the address where nobody has to say who it is.
"""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_payments.payment_limits.counting import counter_of
from chassis_payments.payment_limits.limits import Limits
from chassis_payments.payment_limits.rules import declared_rules
from chassis_payments.payment_limits.settings import Settings

__all__ = ["Settings", "install", "lifespan"]


def install(app: FastAPI, settings: Settings) -> None:
    """Check every payment and every refund before anything is asked of a provider."""
    limits = Limits(settings, declared_rules(), counter_of(app.state.metrics.registry))
    app.state.payment_limits = limits
    app.state.payment_checks.append(limits)


lifespan = no_lifespan

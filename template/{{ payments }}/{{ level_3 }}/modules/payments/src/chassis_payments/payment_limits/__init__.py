"""Limits: how often somebody may ask for payments and refunds, and what the rules of the project refuse.

Who asks is told apart by the token, and by the address where nobody has to say who it is.
"""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis.problems import responses
from chassis_payments.payment_limits.counting import counter_of
from chassis_payments.payment_limits.limits import Limits
from chassis_payments.payment_limits.rules import declared_rules
from chassis_payments.payment_limits.settings import Settings

_LIMITED = frozenset({"open_provider_payment", "refund_provider_payment"})
_REFUSALS = responses(403, 429)

__all__ = ["Settings", "install", "lifespan"]


def install(app: FastAPI, settings: Settings) -> None:
    """Check every payment and every refund before anything is asked of a provider."""
    limits = Limits(settings, declared_rules(), counter_of(app.state.metrics.registry))
    app.state.payment_limits = limits
    app.state.payment_checks.append(limits)
    _describe(app)


lifespan = no_lifespan


def _describe(app: FastAPI) -> None:
    """Say of what is limited that it is, when the document is asked for."""
    written, refusals = app.openapi, {str(status): said for status, said in _REFUSALS.items()}

    def completed() -> dict[str, Any]:
        if app.openapi_schema is None:
            for operation in _limited(written()):
                operation["responses"] = dict(
                    sorted({**refusals, **operation["responses"]}.items())
                )
        return written()

    app.openapi = completed  # type: ignore[method-assign]  # as FastAPI documents it


def _limited(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from (one for one in path.values() if one.get("operationId") in _LIMITED)

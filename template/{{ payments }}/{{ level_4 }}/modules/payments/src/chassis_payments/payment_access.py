"""Who may do what with payments: to give money back takes another permission than to open a payment."""

from fastapi import FastAPI

from chassis.feature import no_lifespan

__all__ = ["install", "lifespan"]

TAKEN = {
    "POST /api/v1/provider-payments/{payment_id}/look": "provider-payments:read",
    "POST /api/v1/provider-payments/{payment_id}/refunds": "provider-refunds:create",
    "GET /api/v1/provider-payments/{payment_id}/refunds": "provider-refunds:read",
}
"""The routes whose path and method do not say it; `policy.toml` may say something else."""


def install(app: FastAPI, _settings: object) -> None:
    """Say what they take."""
    known = getattr(app.state, "route_permissions", {})
    app.state.route_permissions = {**known, **TAKEN}


lifespan = no_lifespan

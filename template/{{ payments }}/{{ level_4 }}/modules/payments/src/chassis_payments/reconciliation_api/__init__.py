"""Reconciliations in the business API: what comparing the books came to."""

from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request

from chassis.feature import no_lifespan
from chassis.problems import responses
from chassis.schemas import Page
from chassis_payments.reconciliations import Books, ReconciliationQuery, ReconciliationRead

__all__ = ["install", "lifespan"]

router = APIRouter(prefix="/api/v1", tags=["payment reconciliations"])


def install(app: FastAPI, _settings: object) -> None:
    """Add the route."""
    app.include_router(router)


lifespan = no_lifespan


@router.get("/payment-reconciliations", responses=responses(422))
async def list_payment_reconciliations(
    query: Annotated[ReconciliationQuery, Query()], request: Request
) -> Page[ReconciliationRead]:
    """List the days that were compared with the books of providers, the last one first."""
    state = request.app.state
    return await Books(state.http, state.settings.data_api_url).page(query)

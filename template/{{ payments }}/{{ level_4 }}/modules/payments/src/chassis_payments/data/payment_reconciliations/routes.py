import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from fastapi.requests import HTTPConnection
from pydantic import AwareDatetime

from chassis.problems import responses
from chassis.schemas import Exact, Page
from chassis_payments.data.payment_reconciliations.books import Reconciliations
from chassis_payments.payments import ProviderName, ProviderTransactionRead
from chassis_payments.reconciliations import (
    ReconciliationEnd,
    ReconciliationQuery,
    ReconciliationRead,
    Turn,
)

router = APIRouter(prefix="/api/v1", tags=["payment reconciliations"])

Moment = Annotated[AwareDatetime, Exact(), Query()]
Day = Annotated[dt.date, Exact(), Path()]
References = Annotated[str, Query(pattern=r"^[\w,-]+$", max_length=30_000)]
"""With commas between them."""


async def reconciliations(connection: HTTPConnection) -> Reconciliations:
    """Reach them in the application's database."""
    found: Reconciliations = connection.app.state.payment_reconciliations
    return found


BooksDep = Annotated[Reconciliations, Depends(reconciliations)]


@router.get("/payment-movements/{provider}", responses=responses(422))
async def list_payment_movements(
    provider: ProviderName,
    since: Moment,
    until: Moment,
    books: BooksDep,
    after: UUID | None = None,
) -> list[ProviderTransactionRead]:
    """List the money that moved within a time, by when that was written down."""
    return await books.moved(provider, since, until, after)


@router.get("/payment-movements/{provider}/known", responses=responses(422))
async def list_known_payment_movements(
    provider: ProviderName, references: References, books: BooksDep
) -> list[ProviderTransactionRead]:
    """List the movements that a provider calls so."""
    return await books.known(provider, references.split(","))


@router.get("/payment-reconciliations", responses=responses(422))
async def list_payment_reconciliations(
    query: Annotated[ReconciliationQuery, Query()], books: BooksDep
) -> Page[ReconciliationRead]:
    """Select one page of what comparing days came to."""
    return await books.list(query)


@router.put("/payment-reconciliations/{provider}/{day}/turn", responses=responses(422))
async def begin_payment_reconciliation(provider: ProviderName, day: Day, books: BooksDep) -> Turn:
    """Take a day to compare, if nobody has compared it or does so now."""
    return Turn(taken=await books.begin(provider, day, again=False))


@router.put("/payment-reconciliations/{provider}/{day}/again", responses=responses(422))
async def repeat_payment_reconciliation(provider: ProviderName, day: Day, books: BooksDep) -> Turn:
    """Take a day to compare once more, unless somebody does so now."""
    return Turn(taken=await books.begin(provider, day, again=True))


@router.put(
    "/payment-reconciliations/{provider}/{day}", status_code=204, responses=responses(404, 422)
)
async def end_payment_reconciliation(
    provider: ProviderName, day: Day, body: ReconciliationEnd, books: BooksDep
) -> None:
    """Keep what comparing a day came to."""
    await books.end(provider, day, body)

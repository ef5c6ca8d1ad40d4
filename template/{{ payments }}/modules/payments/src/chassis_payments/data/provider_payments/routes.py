from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis.schemas import Page
from chassis_payments.data.provider_payments.repository import Payments
from chassis_payments.payments import (
    PATH,
    Attempt,
    NewProviderPayment,
    NewProviderRefund,
    PaymentQuery,
    ProviderName,
    ProviderTransactionRead,
    RefundEnd,
    Seen,
    StoredPaymentRead,
    StoredRefundRead,
)

router = APIRouter(prefix=PATH, tags=["stored payments"])

Key = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,100}$")]
Version = Annotated[int, Path(ge=1, le=2**53)]
Seconds = Annotated[float, Query(ge=0, le=31_536_000)]


async def payments(connection: HTTPConnection) -> Payments:
    """Reach the payments in the application's database."""
    found: Payments = connection.app.state.provider_payments
    return found


PaymentsDep = Annotated[Payments, Depends(payments)]


@router.put("/{payment_id}", responses=responses(409, 422))
async def begin_stored_payment(
    payment_id: UUID, body: NewProviderPayment, stored: PaymentsDep
) -> StoredPaymentRead:
    """Keep a payment, and the attempt to open it."""
    return await stored.begin(payment_id, body)


@router.get("", responses=responses(422))
async def list_stored_payments(
    query: Annotated[PaymentQuery, Query()], stored: PaymentsDep
) -> Page[StoredPaymentRead]:
    """Select one page of payments."""
    return await stored.list(query)


@router.get("/{payment_id}", responses=responses(404, 422))
async def get_stored_payment(payment_id: UUID, stored: PaymentsDep) -> StoredPaymentRead:
    """Get a payment."""
    return await stored.get(payment_id)


@router.get("/unsettled/due", responses=responses(422))
async def list_unsettled_stored_payments(
    provider: ProviderName, seconds: Seconds, stored: PaymentsDep
) -> list[StoredPaymentRead]:
    """List payments of a provider of which nobody has heard for so long."""
    return await stored.unsettled(provider, seconds)


@router.put("/{payment_id}/attempts/{key}", responses=responses(404, 422))
async def note_stored_attempt(
    payment_id: UUID, key: Key, body: Attempt, stored: PaymentsDep
) -> StoredPaymentRead:
    """Note that something is attempted, or how it ended."""
    return await stored.note(payment_id, key, body)


@router.put("/{payment_id}/seen/{version}", responses=responses(404, 409, 412, 422))
async def write_down_stored_payment(
    payment_id: UUID, version: Version, body: Seen, stored: PaymentsDep
) -> StoredPaymentRead:
    """Write down what a provider says of a payment."""
    return await stored.write_down(payment_id, version, body)


@router.put("/{payment_id}/refunds/{refund_id}", responses=responses(404, 409, 422))
async def begin_stored_refund(
    payment_id: UUID, refund_id: UUID, body: NewProviderRefund, stored: PaymentsDep
) -> StoredRefundRead:
    """Hold what is to be given back."""
    return await stored.begin_refund(payment_id, refund_id, body)


@router.put("/{payment_id}/refunds/{refund_id}/state", responses=responses(404, 409, 422))
async def end_stored_refund(
    payment_id: UUID, refund_id: UUID, body: RefundEnd, stored: PaymentsDep
) -> StoredRefundRead:
    """Keep what a provider said to a refund."""
    return await stored.end_refund(payment_id, refund_id, body)


@router.get("/{payment_id}/refunds", responses=responses(422))
async def list_stored_refunds(payment_id: UUID, stored: PaymentsDep) -> list[StoredRefundRead]:
    """List the refunds of a payment."""
    return await stored.refunds(payment_id)


@router.get("/{payment_id}/transactions", responses=responses(422))
async def list_stored_transactions(
    payment_id: UUID, stored: PaymentsDep
) -> list[ProviderTransactionRead]:
    """List the money that moved."""
    return await stored.transactions(payment_id)

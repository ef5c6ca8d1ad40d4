from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.problems import responses
from chassis.schemas import Page
from chassis_payments.payment_api.reaching import (
    LookDep,
    NewIdDep,
    OpenDep,
    RefundDep,
    StoredPaymentsDep,
)
from chassis_payments.payments import (
    NewProviderPayment,
    NewProviderRefund,
    PaymentQuery,
    ProviderPaymentRead,
    ProviderPaymentSummary,
    ProviderRefundRead,
    ProviderTransactionRead,
)

PREFIX = "/api/v1/provider-payments"

router = APIRouter(prefix=PREFIX, tags=["provider payments"])

_KEYS = UUID("c3f3a5b0-51a5-4f4e-9d0e-6a5f4c1f0f5d")


@router.post(
    "",
    status_code=201,
    responses=responses(402, 409, 422),
    openapi_extra={"x-acts-elsewhere": True, "x-knows-keys": True},
)
async def open_provider_payment(
    body: NewProviderPayment,
    response: Response,
    opening: OpenDep,
    new_id: NewIdDep,
) -> ProviderPaymentRead:
    """Open a payment; `checkout_url` is where it is paid.

    `unknown` says that the provider did not answer in time: ask for the payment again later.
    """
    payment_id = new_id(_KEYS)
    payment = await opening(payment_id, body)
    response.headers["Location"] = f"{PREFIX}/{payment.id}"
    return _shown(payment)


@router.get("", responses=responses(422))
async def list_provider_payments(
    query: Annotated[PaymentQuery, Query()], stored: StoredPaymentsDep
) -> Page[ProviderPaymentSummary]:
    """List payments, without what only who pays may see: those for a record, or of a state."""
    page = await stored.page(query)
    return Page(items=[_summary(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/{payment_id}", responses=responses(404, 422))
async def get_provider_payment(payment_id: UUID, stored: StoredPaymentsDep) -> ProviderPaymentRead:
    """Get a payment, as it is known here."""
    return _shown(await stored.get(payment_id))


@router.post("/{payment_id}/look", responses=responses(402, 404, 409, 422))
async def look_at_provider_payment(payment_id: UUID, look: LookDep) -> ProviderPaymentRead:
    """Ask the provider what has become of a payment: for the page that people return to."""
    return _shown(await look(payment_id))


@router.post(
    "/{payment_id}/refunds",
    status_code=201,
    responses=responses(402, 404, 409, 422),
    openapi_extra={"x-knows-keys": True},
)
async def refund_provider_payment(
    payment_id: UUID,
    body: NewProviderRefund,
    response: Response,
    refunding: RefundDep,
    new_id: NewIdDep,
) -> ProviderRefundRead:
    """Give back a part of a payment, or all that is left of it."""
    refund_id = new_id(payment_id)
    refund = await refunding(payment_id, refund_id, body)
    response.headers["Location"] = f"{PREFIX}/{payment_id}/refunds"
    return ProviderRefundRead.model_validate(
        refund.model_dump(include=set(ProviderRefundRead.model_fields))
    )


@router.get("/{payment_id}/refunds", responses=responses(404, 422))
async def list_provider_refunds(
    payment_id: UUID, stored: StoredPaymentsDep
) -> list[ProviderRefundRead]:
    """List the refunds of a payment."""
    await stored.get(payment_id)
    fields = set(ProviderRefundRead.model_fields)
    return [
        ProviderRefundRead.model_validate(one.model_dump(include=fields))
        for one in await stored.refunds(payment_id)
    ]


@router.get("/{payment_id}/transactions", responses=responses(404, 422))
async def list_provider_transactions(
    payment_id: UUID, stored: StoredPaymentsDep
) -> list[ProviderTransactionRead]:
    """List the money that moved for a payment."""
    await stored.get(payment_id)
    return await stored.transactions(payment_id)


def _summary(payment: ProviderPaymentRead) -> ProviderPaymentSummary:
    fields = set(ProviderPaymentSummary.model_fields)
    return ProviderPaymentSummary.model_validate(payment.model_dump(include=fields))


def _shown(payment: ProviderPaymentRead) -> ProviderPaymentRead:
    return ProviderPaymentRead.model_validate(
        payment.model_dump(include=set(ProviderPaymentRead.model_fields))
    )

"""Webhooks: the bytes as they came, verified, kept once, and answered; a worker acts on them."""

from fastapi import APIRouter, Request

from chassis.problems import responses
from chassis.webhooks import ANY_BODY, body_of
from chassis_payments.payment_api.reaching import ProvidersDep, StoredPaymentsDep
from chassis_payments.payments import ProviderName

WEBHOOKS = "/api/v1/payment-webhooks"

router = APIRouter(prefix=WEBHOOKS, tags=["payment webhooks"])


@router.post("/{provider}", status_code=204, responses=responses(400, 422), openapi_extra=ANY_BODY)
async def receive_payment_webhook(
    provider: ProviderName,
    request: Request,
    stored: StoredPaymentsDep,
    providers: ProvidersDep,
) -> None:
    """Take note of what a provider says; it signs this, and says it again until it is answered."""
    event = await providers[provider].event(await body_of(request), request.headers)
    await stored.keep_event(provider, event.id, event.said)

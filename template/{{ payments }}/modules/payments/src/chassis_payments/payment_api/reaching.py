"""What the routes reach."""

from typing import Annotated

from fastapi import Depends, Request

from chassis_payments.opening import OpenPayment
from chassis_payments.providers import Providers
from chassis_payments.refreshing import RefreshPayment
from chassis_payments.refunding import RefundPayment
from chassis_payments.stored_payments import StoredPayments


async def stored_payments(request: Request) -> StoredPayments:
    """Reach what is known of payments."""
    state = request.app.state
    return StoredPayments(state.http, state.settings.data_api_url)


async def providers(request: Request) -> Providers:
    """Reach those who take payments."""
    known: Providers = request.app.state.payment_providers
    return known


StoredPaymentsDep = Annotated[StoredPayments, Depends(stored_payments)]
ProvidersDep = Annotated[Providers, Depends(providers)]


async def _opening(stored: StoredPaymentsDep, known: ProvidersDep) -> OpenPayment:
    return OpenPayment(stored, known)


async def _looking(stored: StoredPaymentsDep, known: ProvidersDep) -> RefreshPayment:
    return RefreshPayment(stored, known)


async def _refunding(stored: StoredPaymentsDep, known: ProvidersDep) -> RefundPayment:
    return RefundPayment(stored, known)


OpenDep = Annotated[OpenPayment, Depends(_opening)]
LookDep = Annotated[RefreshPayment, Depends(_looking)]
RefundDep = Annotated[RefundPayment, Depends(_refunding)]

"""What the routes reach."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID, uuid4, uuid5

from fastapi import Depends, Header, Request

from chassis_payments.checking import Checks, caller_of
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


async def checks(request: Request) -> Checks:
    """Reach what is checked before anything is asked of a provider."""
    return Checks(request.app.state.payment_checks, request)


StoredPaymentsDep = Annotated[StoredPayments, Depends(stored_payments)]
ProvidersDep = Annotated[Providers, Depends(providers)]
ChecksDep = Annotated[Checks, Depends(checks)]


Key = Annotated[str | None, Header(alias="Idempotency-Key", pattern=r"^[\x21-\x7e]{1,255}$")]
"""The same key of the same caller is the same payment, or refund, however often it is sent."""


async def _new_id(request: Request, key: Key = None) -> Callable[[UUID], UUID]:
    """Give what makes the id of something within something else: by the key, if there is one."""
    caller = caller_of(request)
    # A key has no space in it: what belongs to whom cannot be mistaken.
    name = key if key is None or not caller else f"{key} {caller}"
    return lambda within: uuid4() if name is None else uuid5(within, name)


NewIdDep = Annotated[Callable[[UUID], UUID], Depends(_new_id)]


async def _opening(
    request: Request, stored: StoredPaymentsDep, known: ProvidersDep, checks: ChecksDep
) -> OpenPayment:
    opening: OpenPayment = request.app.state.open_payment(stored, known, checks)
    return opening


async def _looking(stored: StoredPaymentsDep, known: ProvidersDep) -> RefreshPayment:
    return RefreshPayment(stored, known)


async def _refunding(
    stored: StoredPaymentsDep, known: ProvidersDep, checks: ChecksDep
) -> RefundPayment:
    return RefundPayment(stored, known, checks)


OpenDep = Annotated[OpenPayment, Depends(_opening)]
LookDep = Annotated[RefreshPayment, Depends(_looking)]
RefundDep = Annotated[RefundPayment, Depends(_refunding)]

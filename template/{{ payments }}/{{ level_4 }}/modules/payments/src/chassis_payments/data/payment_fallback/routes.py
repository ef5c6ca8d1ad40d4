from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis_payments.data.payment_fallback.turning import Turning
from chassis_payments.payments import PATH, StoredPaymentRead
from chassis_payments.turning import Turned

router = APIRouter(prefix=PATH, tags=["stored payments"])

Version = Annotated[int, Path(ge=1, le=2**53)]


async def turning(connection: HTTPConnection) -> Turning:
    """Reach what turns payments in the application's database."""
    found: Turning = connection.app.state.payment_fallback
    return found


@router.put("/{payment_id}/turned/{version}", responses=responses(404, 409, 422))
async def turn_stored_payment(
    payment_id: UUID, version: Version, body: Turned, payments: Annotated[Turning, Depends(turning)]
) -> StoredPaymentRead:
    """Turn a payment to another provider."""
    return await payments.turn(payment_id, version, body)

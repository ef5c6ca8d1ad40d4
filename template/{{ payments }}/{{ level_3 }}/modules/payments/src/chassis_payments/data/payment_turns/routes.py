from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis_payments.data.payment_turns.turns import Turns
from chassis_payments.turns import TURNS, NewTurn, TurnRead

router = APIRouter(prefix=TURNS, tags=["payment turns"])


async def turns(connection: HTTPConnection) -> Turns:
    """Reach the turns in the application's database."""
    found: Turns = connection.app.state.payment_turns
    return found


@router.put("/{turn_id}", responses=responses(422))
async def take_payment_turn(
    turn_id: UUID, body: NewTurn, taken: Annotated[Turns, Depends(turns)]
) -> TurnRead:
    """Take a turn to ask for a payment or a refund, if there is one left."""
    return await taken.take(turn_id, body)

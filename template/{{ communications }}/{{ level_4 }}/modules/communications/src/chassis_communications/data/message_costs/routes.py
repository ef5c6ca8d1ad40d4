from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis_communications.data.message_costs.repository import MessageCosts
from chassis_communications.spending import (
    COSTS,
    CostQuery,
    DailyCosts,
    MessagePrice,
    Total,
    TotalQuery,
    UnpricedMessages,
    UnpricedQuery,
)

router = APIRouter(prefix=COSTS, tags=["message costs"])


async def message_costs(connection: HTTPConnection) -> MessageCosts:
    """Reach what messages cost, in the application's database."""
    kept: MessageCosts = connection.app.state.message_costs
    return kept


CostsDep = Annotated[MessageCosts, Depends(message_costs)]


@router.get("", responses=responses(422))
async def list_message_costs(query: Annotated[CostQuery, Query()], kept: CostsDep) -> DailyCosts:
    """List what messages cost, day by day."""
    return await kept.by_day(query)


@router.get("/total", responses=responses(422))
async def get_message_total(query: Annotated[TotalQuery, Query()], kept: CostsDep) -> Total:
    """Add up what messages cost."""
    return await kept.total(query)


@router.get("/unpriced", responses=responses(422))
async def list_unpriced_messages(
    query: Annotated[UnpricedQuery, Query()], kept: CostsDep
) -> UnpricedMessages:
    """List SMS whose price is an estimate."""
    return await kept.unpriced(query)


@router.put("/{message_id}/price", status_code=204, responses=responses(404, 422))
async def set_message_price(message_id: UUID, body: MessagePrice, kept: CostsDep) -> None:
    """Count what the provider bills for a message instead of an estimate; twice is once."""
    await kept.set_price(message_id, body)

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis_communications.data.message_costs.repository import MessageCosts
from chassis_communications.spending import COSTS, CostQuery, DailyCosts, Total, TotalQuery

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

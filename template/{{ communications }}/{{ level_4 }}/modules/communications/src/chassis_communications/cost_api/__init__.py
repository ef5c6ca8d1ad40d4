"""What messages cost, in the business API: day by day."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request
from pydantic import Field

from chassis.feature import no_lifespan
from chassis.problems import responses
from chassis_communications.kept_costs import KeptCosts
from chassis_communications.spending import COSTS, CostQuery, DailyCosts

__all__ = ["install", "lifespan"]

router = APIRouter(prefix=COSTS, tags=["messages"])


@router.get("", responses=responses(422))
async def list_message_costs(
    request: Request, days: Annotated[int, Query(), Field(ge=1, le=366)] = 31
) -> DailyCosts:
    """List what messages cost, by day, channel and provider, the latest first."""
    state = request.app.state
    today = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    query = CostQuery(since=today - dt.timedelta(days=days - 1))
    return await KeptCosts(state.http, state.settings.data_api_url).by_day(query)


def install(app: FastAPI, _settings: object) -> None:
    """Add the route."""
    app.include_router(router)


lifespan = no_lifespan

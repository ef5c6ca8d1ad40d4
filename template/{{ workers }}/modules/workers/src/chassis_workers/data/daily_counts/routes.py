from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis.schemas import Page
from chassis_workers.counts import (
    PATH,
    CountName,
    DailyCountAddition,
    DailyCountNumber,
    DailyCountQuery,
    DailyCountRead,
    Day,
)
from chassis_workers.data.daily_counts.repository import DailyCounts

router = APIRouter(prefix=PATH, tags=["daily counts"])


async def daily_counts(connection: HTTPConnection) -> DailyCounts:
    """Reach the counts in the application's database."""
    counts: DailyCounts = connection.app.state.daily_counts
    return counts


DailyCountsDep = Annotated[DailyCounts, Depends(daily_counts)]


@router.post("", responses=responses(422))
async def add_to_daily_count(body: DailyCountAddition, counts: DailyCountsDep) -> DailyCountRead:
    """Add a number to the count of a day."""
    return await counts.count(body)


@router.put("/{name}/{day}", responses=responses(422))
async def set_daily_count(
    name: Annotated[CountName, Path()],
    day: Day,
    body: DailyCountNumber,
    counts: DailyCountsDep,
) -> DailyCountRead:
    """Set the count of a day, whatever it was."""
    return await counts.replace(name, day, body.number)


@router.get("", responses=responses(422))
async def list_daily_counts(
    query: Annotated[DailyCountQuery, Query()], counts: DailyCountsDep
) -> Page[DailyCountRead]:
    """Select one page of daily counts."""
    return await counts.list(query)

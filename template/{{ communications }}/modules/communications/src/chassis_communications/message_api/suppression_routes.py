from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from chassis.problems import responses
from chassis.schemas import Page
from chassis_communications.message_api.routes import KeptDep
from chassis_communications.suppressions import (
    SUPPRESSIONS,
    NewSuppression,
    SuppressionQuery,
    SuppressionRead,
)

router = APIRouter(prefix=SUPPRESSIONS, tags=["suppressions"])


@router.put("", responses=responses(422))
async def put_suppression(body: NewSuppression, kept: KeptDep) -> SuppressionRead:
    """Have nothing sent to an address any more; twice is once."""
    return await kept.suppress(body)


@router.get("", responses=responses(422))
async def list_suppressions(
    query: Annotated[SuppressionQuery, Query()], kept: KeptDep
) -> Page[SuppressionRead]:
    """List the addresses that nothing is sent to."""
    return await kept.suppressions(query)


@router.delete("/{suppression_id}", status_code=204, responses=responses(404, 422))
async def remove_suppression(suppression_id: UUID, kept: KeptDep) -> None:
    """Have messages sent to an address again."""
    await kept.release(suppression_id)

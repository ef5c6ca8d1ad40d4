from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis.schemas import Page
from chassis_communications.addresses import Channel
from chassis_communications.data.suppressions.repository import Suppressions
from chassis_communications.messages import Hash
from chassis_communications.suppressions import (
    SUPPRESSIONS,
    NewSuppression,
    SuppressionCause,
    SuppressionQuery,
    SuppressionRead,
)

router = APIRouter(prefix=SUPPRESSIONS, tags=["suppressions"])


async def suppressions(connection: HTTPConnection) -> Suppressions:
    """Reach the suppressions in the application's database."""
    kept: Suppressions = connection.app.state.suppressions
    return kept


SuppressionsDep = Annotated[Suppressions, Depends(suppressions)]


@router.put("", responses=responses(422))
async def put_suppression(body: NewSuppression, kept: SuppressionsDep) -> SuppressionRead:
    """Send nothing to an address any more; twice is once."""
    return await kept.put(body)


@router.put("/{channel}/{address_hash}", responses=responses(422))
async def put_known_suppression(
    channel: Channel, address_hash: Hash, body: SuppressionCause, kept: SuppressionsDep
) -> SuppressionRead:
    """Send nothing any more to an address that is known by its digest; twice is once."""
    return await kept.put_known(channel, address_hash, body.cause)


@router.get("", responses=responses(422))
async def list_suppressions(
    query: Annotated[SuppressionQuery, Query()], kept: SuppressionsDep
) -> Page[SuppressionRead]:
    """List the addresses that nothing is sent to."""
    return await kept.list(query)


@router.delete("/{suppression_id}", status_code=204, responses=responses(404, 422))
async def remove_suppression(suppression_id: UUID, kept: SuppressionsDep) -> None:
    """Send to an address again."""
    await kept.remove(suppression_id)

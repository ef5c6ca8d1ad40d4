from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from fastapi.routing import RouteContext, iter_route_contexts

from chassis.data_api import Reader
from chassis.problems import NotFound, responses
from chassis.schemas import Page
from chassis_mongodb.activities import PATH, ActivityRead, HistoryQuery

Collection = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_-]*$", max_length=63)]
UNKNOWN = "There is no such collection."

router = APIRouter(prefix="/api/v1", tags=["history"])
_activities = Reader(ActivityRead, "activity")


@router.get("/{collection}/{record_id}/history", responses=responses(404, 422))
async def list_history(
    collection: Collection,
    record_id: UUID,
    query: Annotated[HistoryQuery, Query()],
    request: Request,
) -> Page[ActivityRead]:
    """List what happened to a record of any collection, the latest first; it may be gone itself."""
    if not any(one.path_format == f"/api/v1/{collection}" for one in _routes(request)):
        raise NotFound(UNKNOWN)
    state = request.app.state
    asked = {"subject": str(record_id), **query.model_dump(exclude_none=True)}
    reply = await state.http.get(f"{state.settings.documents_url.rstrip('/')}{PATH}", params=asked)
    return _activities.page(reply)


def _routes(request: Request) -> list[RouteContext]:
    return list(iter_route_contexts(request.app.routes))

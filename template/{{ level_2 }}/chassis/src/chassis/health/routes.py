from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from chassis.problems import FieldError, ProblemResponse

if TYPE_CHECKING:
    from chassis.health.checks import Findings

# For the platform, not for clients of the API: not in its documentation.
router = APIRouter(include_in_schema=False)

NOT_KEPT = {"Cache-Control": "no-store"}


@router.get("/health")
async def health() -> Response:
    """Say that the process lives; what it depends on does not matter here."""
    return JSONResponse({"status": "ok"}, headers=NOT_KEPT)


@router.get("/ready")
async def ready(request: Request) -> Response:
    """Say whether everything works that requests need, and what does not work."""
    found: Findings = await request.app.state.checks.findings()
    failing = {**found.needed, **found.optional}
    if found.needed:
        return ProblemResponse(
            HTTPStatus.SERVICE_UNAVAILABLE,
            instance=request.url.path,
            detail=f"Not ready: {', '.join(found.needed)}.",
            errors=[FieldError(name, reason) for name, reason in failing.items()],
            headers=NOT_KEPT,
        )
    state = {"status": "degraded", "degraded": failing} if failing else {"status": "ready"}
    return JSONResponse(state, headers=NOT_KEPT)

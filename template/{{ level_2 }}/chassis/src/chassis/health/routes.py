from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from chassis.problems import FieldError, ProblemResponse

# For the platform, not for clients of the API: not in its documentation.
router = APIRouter(include_in_schema=False)

NOT_KEPT = {"Cache-Control": "no-store"}


@router.get("/health")
async def health() -> Response:
    """Say that the process lives; what it depends on does not matter here."""
    return JSONResponse({"status": "ok"}, headers=NOT_KEPT)


@router.get("/ready")
async def ready(request: Request) -> Response:
    """Say whether everything works that requests need, and if not, what does not."""
    failures: dict[str, str] = await request.app.state.checks.failures()
    if not failures:
        return JSONResponse({"status": "ready"}, headers=NOT_KEPT)
    return ProblemResponse(
        HTTPStatus.SERVICE_UNAVAILABLE,
        instance=request.url.path,
        detail=f"Not ready: {', '.join(failures)}.",
        errors=[FieldError(name, reason) for name, reason in failures.items()],
        headers=NOT_KEPT,
    )

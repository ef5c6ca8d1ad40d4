from fastapi import APIRouter, Request, Response

# For Prometheus, not for clients of the API: not in its documentation.
router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Tell what the service does, as Prometheus reads it."""
    body, media_type = await request.app.state.metrics.told(request.headers.get("accept", ""))
    headers = {"Content-Type": media_type, "Cache-Control": "no-store"}
    return Response(body, headers=headers)

"""Thumbnails go out beside the pictures that they are of, and only if these are clean."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from chassis.feature import no_lifespan
from chassis.problems import NotFound, responses
from chassis_files.file_api.delivery import PREFIX
from chassis_files.file_api.downloading import HARMLESS, clean_file
from chassis_files.file_api.ranges import names
from chassis_files.file_api.routes import DeliveryDep, StorageDep, StoredFilesDep
from chassis_files.keys import made
from chassis_files.thumbnail_key import thumbnail_key

__all__ = ["install", "lifespan"]

KIND = "image/webp"
NONE = "There is no thumbnail of this file."
THUMBNAIL: dict[int | str, dict[str, Any]] = {
    200: {"description": "The thumbnail", "content": {KIND: {}}},
    304: {"description": "The client has it already"},
    **responses(404, 409, 422),
}

router = APIRouter(prefix=PREFIX, tags=["files"])


def install(app: FastAPI, _settings: object) -> None:
    """Add the route."""
    app.include_router(router)


lifespan = no_lifespan


@router.get("/{file_id}/thumbnail", responses=THUMBNAIL, response_class=Response)
async def get_thumbnail(
    file_id: UUID,
    request: Request,
    stored: StoredFilesDep,
    store: StorageDep,
    how: DeliveryDep,
) -> Response:
    """Get a small picture of a picture."""
    file = await clean_file(stored, file_id)
    headers = {"ETag": f'"{file.sha256}-small"', "Cache-Control": how.cache, **HARMLESS}
    if names(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    key = thumbnail_key(made(file_id, file.made_by)) if file.made_by else ""
    size = await store.size(key) if key else None
    if size is None:
        raise NotFound(NONE)
    headers["Content-Length"] = str(size)
    chunks = await store.read(key, 0, size)
    for observe in request.app.state.download_observers:
        observe(file_id, None)
    return StreamingResponse(chunks, headers=headers, media_type=KIND)

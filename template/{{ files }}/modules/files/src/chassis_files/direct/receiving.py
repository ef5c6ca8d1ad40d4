"""Parts that come by links of our own, into a store that clients cannot reach."""

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from chassis.problems import NotFound, ProblemError, responses
from chassis.schemas import Exact, Schema
from chassis_files.direct.own import PARTS, OwnDirect
from chassis_files.direct.s3 import CHECKSUM
from chassis_files.file_api.routes import GONE

FORBIDDEN = "The link is not good, or not good for this."
EXPIRED = "The link has expired."
ANOTHER = "What was sent is not what was signed."
NO_LINKS = "Files are sent to the bucket here."

# The body is read as it comes, so FastAPI does not know of it.
ANY_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string"}}},
    }
}

router = APIRouter(prefix=PARTS, tags=["files"])


class Forbidden(ProblemError):  # noqa: N818  # as the errors of the chassis are called
    """A link does not allow this: 403."""

    status = HTTPStatus.FORBIDDEN


class NotAsSigned(ProblemError):  # noqa: N818
    """The bytes are not those that were signed: 400."""

    status = HTTPStatus.BAD_REQUEST


class Signed(Schema):
    """What a link says."""

    key: UUID
    number: Annotated[int, Field(ge=0, le=1000)]
    expires: Annotated[int, Field(ge=0, le=2**40)]
    signature: Annotated[str, Field(max_length=64), Exact()]


@router.put(
    "", status_code=204, responses=responses(400, 403, 404, 413, 422), openapi_extra=ANY_BODY
)
async def receive_file_part(signed: Annotated[Signed, Query()], request: Request) -> None:
    """Send a part by its link."""
    direct = request.app.state.direct
    if not isinstance(direct, OwnDirect):
        raise NotFound(NO_LINKS)
    query = {name: str(getattr(signed, name)) for name in ("key", "number", "expires")}
    known = direct.signature(query, request.headers)
    if not hmac.compare_digest(known.encode(), signed.signature.encode()):
        raise Forbidden(FORBIDDEN)
    if signed.expires < dt.datetime.now(dt.UTC).timestamp():
        raise Forbidden(EXPIRED)
    # These have been signed: they are there, and as they were written.
    size, digest = int(request.headers["content-length"]), request.headers[CHECKSUM]
    await direct.keep(query["key"], query["number"], _as_signed(request, size, digest))


async def _as_signed(request: Request, size: int, digest: str) -> AsyncIterator[bytes]:
    """Give the body; raises NotAsSigned at its end if it is another one."""
    measured, received = hashlib.sha256(), 0
    try:
        async for chunk in request.stream():
            received += len(chunk)
            measured.update(chunk)
            yield chunk
    except ClientDisconnect as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, GONE) from error
    if received != size or base64.b64encode(measured.digest()).decode() != digest:
        raise NotAsSigned(ANOTHER)

import datetime as dt
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from chassis.access import Asking
from chassis.problems import Invalid, responses
from chassis.schemas import Exact, Schema
from chassis_files.file_api.delivery import Delivery
from chassis_files.file_api.downloading import SendFile, clean_file
from chassis_files.file_api.routes import CONTENT, StorageDep, StoredFilesDep
from chassis_files.file_links.signing import LINKS, AccessLinks

ANYWHERE = {"Cross-Origin-Resource-Policy": "cross-origin"}
"""Pages of other origins may show what a link gives: whoever has the link gets it anyway."""
TOO_LONG = "A link is good for {seconds} seconds at most."

router = APIRouter(prefix=LINKS, tags=["files"])


class FileLinkCreate(Schema):
    """Which file is to be given out, and how long."""

    file_id: Annotated[UUID, Exact()]
    seconds: Annotated[int, Field(ge=1, le=31_536_000), Exact()] = 300


class FileLinkRead(Schema):
    """A link: whoever has it gets the file."""

    url: str
    expires_at: dt.datetime


class Signed(Schema):
    """What a link says."""

    expires: Annotated[int, Field(ge=0, le=2**40)]
    by: Annotated[str, Field(max_length=255), Exact()]
    signature: Annotated[str, Field(max_length=64), Exact()]


async def link_delivery(request: Request) -> Delivery:
    """Reach how files are given out by links."""
    how: Delivery = request.app.state.link_delivery
    return how


LinkDeliveryDep = Annotated[Delivery, Depends(link_delivery)]


@router.post("", status_code=201, responses=responses(404, 409, 422))
async def create_file_link(  # noqa: PLR0913, PLR0917  # what FastAPI gives
    body: FileLinkCreate,
    request: Request,
    response: Response,
    stored: StoredFilesDep,
    how: LinkDeliveryDep,
    asking: Asking,
) -> FileLinkRead:
    """Make a link to a clean file, which is good for a while."""
    state = request.app.state
    longest = state.settings.files_access_seconds
    if body.seconds > longest:
        raise Invalid(TOO_LONG.format(seconds=longest), field="seconds")
    file = await clean_file(stored, body.file_id)
    expires = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=body.seconds)
    links: AccessLinks = state.file_links
    url = links.link(file.id, asking.id, expires)
    response.headers["Location"] = url
    return FileLinkRead(url=f"{how.base}{url}", expires_at=expires)


@router.get("/{file_id}", responses={**CONTENT, **responses(403)}, response_class=Response)
async def get_linked_file(
    file_id: UUID,
    signed: Annotated[Signed, Query()],
    request: Request,
    stored: StoredFilesDep,
    store: StorageDep,
) -> Response:
    """Download a file by a link."""
    state = request.app.state
    links: AccessLinks = state.file_links
    links.check(file_id, signed.by, signed.expires, signed.signature)
    how: Delivery = state.link_delivery
    left = max(signed.expires - int(dt.datetime.now(dt.UTC).timestamp()), 0)
    kept = replace(how, seconds=min(how.seconds, left))  # no longer than the link is good
    send = SendFile(stored, store, kept.cache, state.download_observers, signed.by)
    answer = await send(file_id, request)
    answer.headers.update(ANYWHERE)
    return answer

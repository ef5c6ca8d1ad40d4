"""A file goes out: only if it is clean, and so that nothing in it runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from chassis.problems import Conflict, ProblemResponse
from chassis_files.file_api.delivery import PRIVATE
from chassis_files.file_api.ranges import NotInFileError, Part, names, part_of
from chassis_files.files import StoredFileRead
from chassis_files.keys import key_of
from chassis_files.kinds import is_shown
from chassis_files.storage import Storage
from chassis_files.stored_files import StoredFiles

type DownloadObserver = Callable[[UUID, str | None], None]
"""Is told which file is given out, and on whose behalf, if that is not who asks."""

NOT_CLEAN = "The file is being looked at: try again in a moment."
NOT_THERE = "The file is not uploaded yet."
REJECTED = "The file was rejected, and is not given out."
BEHIND = "The file has no bytes where this range begins."

HARMLESS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""Headers of whatever strangers have sent: nothing in it runs."""

_REASONS = {"pending": NOT_THERE, "uploaded": NOT_CLEAN, "rejected": REJECTED}


@dataclass(frozen=True, slots=True)
class SendFile:
    """Give out a clean file, or a part of it, as far as the client does not have it."""

    stored: StoredFiles
    storage: Storage
    cache: str = PRIVATE
    observers: Sequence[DownloadObserver] = ()
    by: str | None = None
    """On whose behalf, if that is not who asks."""

    async def __call__(self, file_id: UUID, request: Request) -> Response:
        """Raise NotFound, and Conflict for a file that is not clean."""
        file = await clean_file(self.stored, file_id)
        size, headers = file.size or 0, _headers(file, self.cache)
        asked = request.headers
        if names(asked.get("if-none-match"), headers["ETag"]):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        unchanged = asked.get("if-range", headers["ETag"]) == headers["ETag"]
        try:
            part = part_of(size, asked.get("range") if unchanged else None)
        except NotInFileError:
            return _behind(size, request.url.path)
        status = HTTPStatus.OK
        if part:
            status = HTTPStatus.PARTIAL_CONTENT
            headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{size}"
        sent = part or Part(0, size)
        headers["Content-Length"] = str(sent.end - sent.start)
        chunks = await self.storage.read(key_of(file), sent.start, sent.end)
        for observe in self.observers:
            observe(file.id, self.by)
        return StreamingResponse(chunks, status, headers, media_type=file.content_type)


async def clean_file(stored: StoredFiles, file_id: UUID) -> StoredFileRead:
    """Find a file that may be given out; raises NotFound, and Conflict for one that is not clean."""
    file = await stored.get(file_id)
    if reason := _REASONS.get(file.state):
        raise Conflict(reason)
    return file


def _headers(file: StoredFileRead, cache: str) -> dict[str, str]:
    shown = "inline" if is_shown(file.content_type or "") else "attachment"
    return {
        "ETag": f'"{file.sha256}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": cache,
        "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(file.name, safe='')}",
        **HARMLESS,
    }


def _behind(size: int, path: str) -> Response:
    headers = {"Content-Range": f"bytes */{size}"}
    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    return ProblemResponse(status, instance=path, detail=BEHIND, headers=headers)

import re
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TAG = re.compile(r'"[^"]*"')  # strong or weak: for reading that makes no difference


class Unchanged:
    """Answers 304 to who has the answer already: ``If-None-Match`` names its ``ETag``."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = Headers(scope=scope).getlist("if-none-match") if scope["type"] == "http" else []
        if not known or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        unchanged = False

        async def shortened(message: Message) -> None:
            nonlocal unchanged
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message["headers"]))
                tag = headers.get("etag") if message["status"] == HTTPStatus.OK else None
                unchanged = _names(known, tag)
                if unchanged:
                    del headers["content-length"], headers["content-type"]
                    status = HTTPStatus.NOT_MODIFIED.value
                    message = {**message, "status": status, "headers": headers.raw}
            elif unchanged:
                message = {**message, "body": b""}
            await send(message)

        await self.app(scope, receive, shortened)


def _names(known: list[str], etag: str | None) -> bool:
    if etag is None:
        return False
    tags = _TAG.findall(",".join(known))
    return "*" in known or etag.removeprefix("W/") in tags

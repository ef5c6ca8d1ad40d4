"""A stand-in for HttpClient: answers as told, and remembers what was sent."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chassis.http_client import Headers, Reply


class RecordedHttp:
    """Answers every call with one status and JSON body."""

    def __init__(self, status: int, answer: Any = None) -> None:
        self._reply = Reply(status, b"" if answer is None else json.dumps(answer).encode())
        self.sent: list[tuple[str, str, Any]] = []
        """Method, URL, and the parameters or parsed JSON body of each call."""
        self.headers: list[dict[str, str]] = []
        """The headers of each call."""

    async def get(
        self, url: str, *, params: Mapping[str, Any] | None = None, headers: Headers | None = None
    ) -> Reply:
        """Remember a GET with its parameters."""
        return self._answer("GET", url, params, headers)

    async def post(
        self, url: str, *, json_body: bytes | None = None, headers: Headers | None = None
    ) -> Reply:
        """Remember a POST with its JSON."""
        return self._answer("POST", url, json.loads(json_body or b"null"), headers)

    async def put(
        self, url: str, *, json_body: bytes | None = None, headers: Headers | None = None
    ) -> Reply:
        """Remember a PUT with its JSON."""
        return self._answer("PUT", url, json.loads(json_body or b"null"), headers)

    async def patch(
        self, url: str, *, json_body: bytes | None = None, headers: Headers | None = None
    ) -> Reply:
        """Remember a PATCH with its JSON."""
        return self._answer("PATCH", url, json.loads(json_body or b"null"), headers)

    async def delete(self, url: str, *, headers: Headers | None = None) -> Reply:
        """Remember a DELETE."""
        return self._answer("DELETE", url, None, headers)

    async def close(self) -> None:
        """Close nothing: there is no connection."""

    def _answer(self, method: str, url: str, sent: Any, headers: Headers | None) -> Reply:
        self.sent.append((method, url, sent))
        self.headers.append(dict(headers or {}))
        return replace(self._reply, method=method)

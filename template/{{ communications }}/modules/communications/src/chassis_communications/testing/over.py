"""Calls of the HTTP client of services, made over that of tests."""

from typing import Any

from httpx2 import AsyncClient

from chassis.http_client import Reply

JSON = {"content-type": "application/json"}


class Over:
    """Calls of HttpClient, made over another one."""

    def __init__(self, http: AsyncClient) -> None:
        self._http = http

    async def get(self, url: str, *, params: Any = None, headers: Any = None) -> Reply:
        """Read."""
        given = (params or {}).items()
        texts = {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in given
        }
        return await self._reply("GET", url, params=texts, headers=headers)

    async def put(self, url: str, *, json_body: bytes | None = None) -> Reply:
        """Set."""
        return await self._reply("PUT", url, content=json_body, headers=JSON)

    async def delete(self, url: str) -> Reply:
        """Remove."""
        return await self._reply("DELETE", url)

    async def _reply(self, method: str, url: str, **sent: Any) -> Reply:
        answer = await self._http.request(method, url, **sent)
        return Reply(answer.status_code, answer.content, method)

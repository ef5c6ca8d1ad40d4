"""A business API and a data service in place of the real ones.

The one keeps any record, and a repeated key creates none; the other keeps the chats of bots.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from aiohttp import web
from aiohttp.test_utils import TestServer

_NOON = "2026-01-31T12:00:00Z"


class BusinessApi:
    """Keeps records by the path of their collection, the newest first."""

    def __init__(self) -> None:
        self.url = ""
        self.records: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.refusals: list[tuple[int, dict[str, Any]]] = []
        """What the next writes are answered instead, with status and problem."""
        self.keys: dict[str, dict[str, Any]] = {}
        self.chats: dict[int, dict[str, Any]] = {}
        """What each chat wants."""
        self.answering = asyncio.Event()
        """Until this is set, what is created is not told."""
        self.answering.set()

    def keep(self, path: str, **fields: Any) -> dict[str, Any]:
        """Keep a record."""
        record = {"id": str(uuid4()), **fields}
        self.records[path].insert(0, record)
        return record

    def created(self, path: str) -> list[dict[str, Any]]:
        """Give what was sent to be created."""
        return [
            {name: value for name, value in record.items() if name != "id"}
            for record in self.records[path]
        ]

    def application(self) -> web.Application:
        """Give what serves it."""
        application = web.Application()
        application.add_routes(
            [
                web.get("/api/v1/bot-chats", self._list_chats),
                web.put("/api/v1/bot-chats/{chat}", self._set_chat),
                web.get("/api/v1/{collection}", self._list),
                web.get("/api/v1/{collection}/{id}", self._get),
                web.post("/api/v1/{collection}", self._create),
            ]
        )
        return application

    async def _list_chats(self, request: web.Request) -> web.Response:
        start = int(request.query.get("cursor", 0))
        wanting = [
            {"id": str(uuid4()), "chat": number, "created_at": _NOON, "updated_at": _NOON}
            | {"language": chat["language"], "subscribed": True, "blocked_at": None}
            for number, chat in self.chats.items()
            if chat["subscribed"]
        ]
        following = str(start + 1) if len(wanting) > start + 1 else None  # a page has one
        return web.json_response({"items": wanting[start : start + 1], "next_cursor": following})

    async def _set_chat(self, request: web.Request) -> web.Response:
        self.chats[int(request.match_info["chat"])] = await request.json()
        return web.json_response({})

    async def _list(self, request: web.Request) -> web.Response:
        start, limit = int(request.query.get("cursor", 0)), int(request.query["limit"])
        there = self.records[request.path]
        following = str(start + limit) if len(there) > start + limit else None
        page = {"items": there[start : start + limit], "next_cursor": following}
        return web.json_response(page)

    async def _get(self, request: web.Request) -> web.Response:
        path, _, wanted = request.path.rpartition("/")
        for record in self.records[path]:
            if record["id"] == wanted:
                return web.json_response(record)
        return web.json_response({"detail": "There is none."}, status=404)

    async def _create(self, request: web.Request) -> web.Response:
        if self.refusals:
            status, problem = self.refusals.pop(0)
            return web.json_response(problem, status=status)
        key = request.headers["Idempotency-Key"]
        if key not in self.keys:
            self.keys[key] = self.keep(request.path, **await request.json())
        await self.answering.wait()
        return web.json_response(self.keys[key], status=201)


@asynccontextmanager
async def serving() -> AsyncIterator[BusinessApi]:
    """Serve one at a port of its own."""
    api = BusinessApi()
    async with at_a_port(api.application()) as api.url:
        yield api


@asynccontextmanager
async def at_a_port(application: web.Application) -> AsyncIterator[str]:
    """Serve an application at a port of its own; give its address."""
    server = TestServer(application)
    await server.start_server(access_log=None)
    try:
        yield str(server.make_url("")).rstrip("/")
    finally:
        await server.close()

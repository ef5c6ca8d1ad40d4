"""The least that an answer costs in a system of this kind: what the routes are compared with.

One application asks another, which asks the database. A machine that is slow, or busy, is so for
this as for the services.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import asyncpg
from fastapi import FastAPI, Request

BEHIND, DATABASE = "BARE_BEHIND", "BARE_DATABASE"
"""The variables with the address of the application behind, and of the database."""


@asynccontextmanager
async def _http(app: FastAPI) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(os.environ[BEHIND]) as app.state.http:
        yield


@asynccontextmanager
async def _pool(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ[DATABASE], min_size=1) as app.state.pool:
        yield


front = FastAPI(lifespan=_http)
behind = FastAPI(lifespan=_pool)


@front.get("/")
async def ask(request: Request) -> dict[str, int]:
    """Pass on what the application behind answers."""
    async with request.app.state.http.get("/") as answer:
        passed: dict[str, int] = await answer.json()
        return passed


@behind.get("/")
async def select(request: Request) -> dict[str, int]:
    """Answer what the database does."""
    return {"number": await request.app.state.pool.fetchval("SELECT 1")}

"""Fixtures for the tests of services; pytest finds them by the entry point of this package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI
    from httpx2 import AsyncClient


@pytest_asyncio.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Call the ``app`` that the tests define, while it runs."""
    # Imported late, or the lines of what is tested would run before their coverage is measured.
    from httpx2 import ASGITransport, AsyncClient  # noqa: PLC0415

    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app=app), base_url="http://testserver") as client,
    ):
        yield client

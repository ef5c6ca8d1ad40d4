"""Whether the document service is ready tells about MongoDB."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis_mongodb.documents import DocumentSettings, build_document_app


@pytest.fixture
def app(mongo_nowhere: dict[str, Any]) -> FastAPI:
    return build_document_app("Visits", [], DocumentSettings(**mongo_nowhere))


async def test_without_mongodb_it_is_not_ready(client: AsyncClient) -> None:
    answer = await client.get("/ready")

    assert answer.status_code == 503
    told = [{"field": "mongodb", "detail": "MongoDB does not answer."}]
    assert answer.json()["errors"] == told
    assert (await client.get("/health")).status_code == 200


async def test_with_it_the_service_is_ready(mongo_settings: dict[str, Any]) -> None:
    app = build_document_app("Visits", [], DocumentSettings(**mongo_settings))
    async with app.router.lifespan_context(app):
        found = await app.state.checks.findings()

    assert found.needed == {}

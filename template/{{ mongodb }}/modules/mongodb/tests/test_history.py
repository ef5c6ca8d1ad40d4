"""The history of a record, as the business API shows it."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi import APIRouter, FastAPI
from httpx2 import AsyncClient

from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.testing.http import RecordedHttp

BED = uuid4()
PATH = f"/api/v1/beds/{BED}/history"
PLANTED: dict[str, Any] = {
    "id": str(uuid4()),
    "type": "beds.created",
    "subject": str(BED),
    "at": "2026-01-31T12:00:00.000001Z",
    "data": {"name": "Roses"},
}
beds = APIRouter(prefix="/api/v1/beds")


@beds.get("")
async def list_beds() -> list[str]:
    return []


@pytest.fixture
def http() -> RecordedHttp:
    return RecordedHttp(200, {"items": [PLANTED], "next_cursor": "more"})


@pytest.fixture
def app(http: RecordedHttp) -> FastAPI:
    app = build_app("Garden", [beds], FeatureSettings(documents_url="http://documents/"))
    app.state.http = http
    return app


async def test_it_is_what_the_document_service_has(client: AsyncClient, http: RecordedHttp) -> None:
    answer = await client.get(PATH, params={"limit": 5, "cursor": "here"})

    assert answer.json() == {"items": [PLANTED], "next_cursor": "more"}
    asked = {"subject": str(BED), "limit": 5, "cursor": "here", "sort": "-at"}
    assert http.sent == [("GET", "http://documents/api/v1/activities", asked)]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/api/v1/weeds/{BED}/history", 404),
        ("/api/v1/beds/roses/history", 422),
        (f"{PATH}?subject={BED}", 422),
        (f"{PATH}?sort=subject", 422),
    ],
)
async def test_other_questions_are_refused(
    path: str, status: int, client: AsyncClient, http: RecordedHttp
) -> None:
    assert (await client.get(path)).status_code == status
    assert http.sent == []

"""The pages of the documentation."""

import re

import pytest
from fastapi import APIRouter, FastAPI
from httpx2 import ASGITransport, AsyncClient

from chassis import docs
from chassis.app import build_app
from chassis.features import FeatureSettings


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return build_app("Garden", [APIRouter()], FeatureSettings())


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_all_that_a_page_needs_is_served_here(client: AsyncClient, page: str) -> None:
    answer = await client.get(page)

    assert answer.status_code == 200
    needed = re.findall(r"(?:src|href|url:|spec-url=)[=\s]*[\"']([^\"']+)[\"']", answer.text)
    assert needed
    for address in needed:
        assert address.startswith("/"), address
        assert (await client.get(address)).status_code == 200
    assert "http://" not in answer.text.replace("http://www.w3.org", "")
    assert "https://" not in answer.text


async def test_the_pages_know_the_path_below_which_they_are(app: FastAPI) -> None:
    transport = ASGITransport(app=app, root_path="/garden")
    async with AsyncClient(transport=transport, base_url="http://proxy") as client:
        answer = await client.get("/garden/docs")

    assert "/garden/openapi.json" in answer.text
    assert "/garden/docs/assets/swagger-ui.css" in answer.text


async def test_a_service_without_a_document_has_no_pages() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    docs.install(app, None)

    assert app.routes == []


def test_they_are_not_part_of_the_documented_api(app: FastAPI) -> None:
    pages = ("/docs", "/redoc", "/openapi.json")

    assert not [path for path in app.openapi()["paths"] if path.startswith(pages)]

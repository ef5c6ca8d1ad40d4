"""What browsers must not do with an answer."""

import pytest
from fastapi import APIRouter, FastAPI, Response
from httpx2 import AsyncClient

from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.security_headers import ALWAYS, DATA, PAGE

router = APIRouter()


@router.get("/plants")
async def plants() -> list[str]:
    return ["fern"]


@router.get("/plants/catalogue")
async def catalogue(response: Response) -> list[str]:
    response.headers["Cache-Control"] = "max-age=60"
    return []


@router.get("/plants/broken")
async def broken() -> None:
    raise ValueError


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return build_app("Garden", [router], FeatureSettings())


@pytest.mark.parametrize("path", ["/plants", "/plants/broken", "/nowhere", "/openapi.json"])
async def test_data_is_neither_run_nor_kept(client: AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers

    assert {name: headers[name] for name in ALWAYS} == ALWAYS
    assert {name: headers[name] for name in DATA} == DATA


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_a_page_runs_what_comes_from_here(client: AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in PAGE} == PAGE
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_a_part_of_a_page_may_be_kept(client: AsyncClient) -> None:
    answer = await client.get("/docs/assets/swagger-ui.css")

    assert answer.status_code == 200
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Cache-Control" not in answer.headers


async def test_what_a_route_says_counts(client: AsyncClient) -> None:
    answer = await client.get("/plants/catalogue")

    assert answer.headers.get_list("Cache-Control") == ["max-age=60"]

"""Paths and queries that are no text, and parameters that are said twice."""

from typing import Annotated

import pytest
from fastapi import APIRouter, FastAPI, Query
from httpx2 import AsyncClient

from chassis.app import build_app
from chassis.features import FeatureSettings

router = APIRouter(prefix="/plants")


@router.get("")
async def plants(name: Annotated[list[str], Query()]) -> list[str]:
    return name


@router.get("/count")
async def count(
    limit: int, name: Annotated[list[str] | None, Query()] = None, label: str | None = None
) -> list[object]:
    return [limit, name, label]


@router.get("/{name}")
async def plant(name: str) -> str:
    return name


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return build_app("Garden", [router], FeatureSettings())


@pytest.mark.parametrize(
    ("target", "field"),
    [
        ("/plants?name=%ff", "name"),
        ("/plants?name=basil&name=%C3%A9%c3", "name"),
        ("/plants?name=%ED%A0%80", "name"),  # half a character
        ("/plants?name=%C0%AF", "name"),  # a longer form of a sign than there has to be
        ("/plants?name=basil&%ff=1", "\ufffd"),
        ("/plants/%ff", "path"),
        ("/plants/basil%F0%9F%8C", "path"),
        ("/plants/basil?unknown=%80", "unknown"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_what_is_no_text_is_refused(
    client: AsyncClient, method: str, target: str, field: str
) -> None:
    answer = await client.request(method, target)

    assert answer.status_code == 422
    if method != "HEAD":
        assert answer.json()["type"] == "urn:problem:invalid"
        assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("name", ["basil", "100%", "%zz", "böse", "日本", "🌿", "a+b", "\ufffd"])
async def test_any_text_comes_back(client: AsyncClient, name: str) -> None:
    listed = await client.get("/plants", params={"name": name})

    assert (listed.status_code, listed.json()) == (200, [name])


@pytest.mark.parametrize(
    ("encoded", "name"), [("b%C3%B6se", "böse"), ("%F0%9F%8C%BF", "🌿"), ("100%25", "100%")]
)
async def test_so_does_any_path(client: AsyncClient, encoded: str, name: str) -> None:
    assert (await client.get(f"/plants/{encoded}")).json() == name


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=1&limit=2", "limit"),
        ("limit=1&limit=1", "limit"),
        ("limit=1&name=a&label=a&label=", "label"),
        ("limit=1&%6Cimit=2", "limit"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_of_two_values_none_is_taken_silently(
    client: AsyncClient, method: str, query: str, field: str
) -> None:
    answer = await client.request(method, f"/plants/count?{query}")

    assert answer.status_code == 422
    if method == "GET":
        assert answer.json()["errors"] == [{"field": field, "detail": "Is given more than once"}]


@pytest.mark.parametrize("query", ["limit=1&name=a&name=b", "limit=1&unknown=1&unknown=2"])
async def test_a_list_has_several(client: AsyncClient, query: str) -> None:
    assert (await client.get(f"/plants/count?{query}")).status_code == 200

"""A test whose application answers what is in no document fails."""

import pytest
from fastapi import APIRouter, FastAPI
from httpx2 import AsyncClient

from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.problems import ProblemError, responses

router = APIRouter()


class Teapot(ProblemError):  # noqa: N818  # as the errors of the chassis are called
    """No pot of coffee: 418."""

    status = 418


@router.get("/api/v1/tea/{kind}")
async def get_tea(kind: str) -> str:
    raise Teapot(kind)


@router.get("/api/v1/coffee", responses=responses(418))
async def get_coffee() -> str:
    raise Teapot("coffee")


@pytest.fixture
def app() -> FastAPI:
    return build_app("Kitchen", [router], FeatureSettings())


async def test_what_nobody_is_told_of_is_noted(
    client: AsyncClient, undocumented: list[str]
) -> None:
    await client.get("/api/v1/tea/green")

    assert [*filter(None, undocumented)] == ["GET /api/v1/tea/{kind} 418"]
    undocumented.clear()


@pytest.mark.parametrize("path", ["coffee", "nothing"])
async def test_what_a_route_says_and_what_is_no_operation_is_not(
    client: AsyncClient, undocumented: list[str], path: str
) -> None:
    await client.get(f"/api/v1/{path}")
    await client.delete("/api/v1/coffee")

    assert not [*filter(None, undocumented)]

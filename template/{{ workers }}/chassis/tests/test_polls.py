"""Polls are in the access log only where they fail."""

import logging
from collections.abc import Iterator

import pytest
from fastapi import APIRouter, FastAPI
from httpx2 import AsyncClient

from chassis.access_log import LOGGER, polls
from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.problems import Conflict

router = APIRouter(prefix="/seeds")


@router.get("/{kind}/due")
async def due(kind: str) -> str:
    if kind == "bad":
        raise Conflict("No.")
    return kind


@router.put("/{kind}/due")
async def plant(kind: str) -> str:
    return kind


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    monkeypatch.setattr(polls, "_polls", set[tuple[str, str]]())
    requests = logging.getLogger(LOGGER)
    before = [*requests.filters]
    polls.leave_out("/seeds/{kind}/due")
    polls.leave_out("/seeds/{kind}/due")
    assert len(requests.filters) == len({type(one) for one in requests.filters})
    yield build_app("Garden", [router], FeatureSettings())
    requests.filters[:] = before


async def test_what_is_answered_is_left_out_and_what_fails_is_not(
    client: AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)

    await client.get("/seeds/roses/due")
    await client.get("/seeds/bad/due")
    await client.put("/seeds/roses/due")

    told = [one.getMessage().split()[:3] for one in caplog.records if one.name == LOGGER]
    assert told == [["GET", "/seeds/{kind}/due", "409"], ["PUT", "/seeds/{kind}/due", "200"]]

"""What a data service tells of what it has not told yet."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis_mongodb.telling.store import Backlog


@pytest.fixture
def app() -> FastAPI:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    return build_data_app("Books", [], DataSettings(database_url=nowhere))


async def test_what_waits_is_told(
    app: FastAPI, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def found() -> Any:
        return Backlog(3, 1, 400.5)

    monkeypatch.setattr(app.state.untold, "backlog", found)
    told = (await client.get("/metrics")).text.splitlines()

    assert 'untold_activities{state="waiting"} 3.0' in told
    assert 'untold_activities{state="refused"} 1.0' in told
    assert "untold_activities_oldest_seconds 400.5" in told


async def test_without_a_database_nothing_is_told_of_it(client: AsyncClient) -> None:
    answer = await client.get("/metrics")

    assert answer.status_code == 200
    assert "untold" not in answer.text

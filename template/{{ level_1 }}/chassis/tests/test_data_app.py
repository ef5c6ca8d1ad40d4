"""Putting a data service together."""

import asyncio

import pytest
from fastapi import APIRouter, FastAPI, Request
from httpx2 import ASGITransport, AsyncClient

from chassis.database import Database
from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis.problems import Overloaded

NOBODY = "postgresql://nobody@127.0.0.1:1/nothing"
router = APIRouter()


@router.get("/read")
async def read(request: Request) -> None:
    async with request.app.state.database.connect():
        raise AssertionError


@router.get("/write")
async def write(request: Request) -> None:
    async with request.app.state.database.begin():
        raise AssertionError


@pytest.fixture
def app() -> FastAPI:
    return build_data_app("Data", [router], DataSettings(database_url=NOBODY))


@pytest.mark.parametrize("path", ["/read", "/write"])
async def test_a_database_that_is_away_is_unavailable(client: AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert answer.status_code == 503
    assert answer.json()["detail"] == "The database does not answer."
    assert "127.0.0.1" not in answer.text


async def test_nothing_connects_before_it_is_needed(client: AsyncClient, app: FastAPI) -> None:
    database: Database = app.state.database

    assert (await client.get("/docs")).status_code == 200
    assert database.engine.pool.status().startswith("Pool size: 10")


async def test_waiting_for_a_connection_is_told_apart_from_an_outage() -> None:
    settings = DataSettings(database_url=NOBODY, database_pool_size=1, database_pool_timeout=0.01)
    database = Database(settings)

    async with database._turn():
        with pytest.raises(Overloaded):
            async with database.connect():
                raise AssertionError
    await database.close()


def test_an_application_runs_again_in_another_event_loop() -> None:
    app = build_data_app("Data", [router], DataSettings(database_url=NOBODY, database_pool_size=1))

    async def run() -> list[int]:
        client = AsyncClient(transport=ASGITransport(app), base_url="http://data")
        async with app.router.lifespan_context(app), client:
            both = await asyncio.gather(client.get("/read"), client.get("/read"))
        return [answer.status_code for answer in both]

    assert [asyncio.run(run()) for _ in range(2)] == [[503, 503], [503, 503]]

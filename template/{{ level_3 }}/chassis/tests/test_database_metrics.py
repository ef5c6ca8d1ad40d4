"""What a data service tells of its database."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database.app import build_data_app
from chassis.database.engine import Change
from chassis.database.features import DataSettings


@pytest.fixture
def app() -> FastAPI:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    return build_data_app("Beds", [], DataSettings(database_url=nowhere, database_pool_size=7))


async def test_the_connections_are_told_by_state(client: AsyncClient) -> None:
    told = (await client.get("/metrics")).text.splitlines()

    assert "db_client_connection_max 7.0" in told
    assert 'db_client_connection_count{state="used"} 0.0' in told
    assert 'db_client_connection_count{state="idle"} 0.0' in told


async def test_writes_are_counted_by_table_and_kind(app: FastAPI, client: AsyncClient) -> None:
    connection: Any = None
    count = next(
        one for one in app.state.database.recorders if one.__module__.endswith("database_metrics")
    )
    for kind in ("add", "add", "remove"):
        await count(connection, Change(kind, "beds", uuid4(), {}, {}))

    told = (await client.get("/metrics")).text.splitlines()
    assert 'record_changes_total{kind="add",table="beds"} 2.0' in told
    assert 'record_changes_total{kind="remove",table="beds"} 1.0' in told

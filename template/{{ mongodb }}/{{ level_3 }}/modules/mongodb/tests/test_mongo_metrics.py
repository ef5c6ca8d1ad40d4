"""What the document service tells of MongoDB."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from pymongo.errors import OperationFailure

from chassis_mongodb.documents import DocumentSettings, build_document_app


@pytest.fixture
def app(mongo_settings: dict[str, Any]) -> FastAPI:
    return build_document_app("Visits", [], DocumentSettings(**mongo_settings))


async def test_commands_are_timed_and_connections_counted(
    app: FastAPI, client: AsyncClient
) -> None:
    await app.state.mongo.ping()
    with pytest.raises(OperationFailure):
        await app.state.mongo.database.command("nothing")

    told = (await client.get("/metrics")).text.splitlines()
    count = "mongodb_command_duration_seconds_count"
    assert f'{count}{{command="ping",result="done"}} 1.0' in told
    assert f'{count}{{command="nothing",result="failed"}} 1.0' in told
    assert "mongodb_connections_open 1.0" in told
    assert "mongodb_connections_used 0.0" in told

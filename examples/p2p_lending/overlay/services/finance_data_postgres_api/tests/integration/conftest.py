"""The data service on a PostgreSQL of its own: what is proved here only a database can show."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from tools.dev.postgres import Server

from chassis.database.migrations import main as migrate
from finance_data_postgres_api.main import create_app
from finance_data_postgres_api.models import Base
from finance_data_postgres_api.settings import Settings

_numbers = count(1)


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """The settings for a server that is up to date and without data."""
    with TemporaryDirectory(prefix="lending-") as folder:
        server = Server(Path(folder) / "postgres")
        url = f"postgresql://postgres@/postgres?host={server.start()}"
        try:
            settings = Settings(database_url=url)
            migrate(Base.metadata, settings.migrations, settings, arguments=["upgrade"])
            yield settings
        finally:
            server.stop()


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """Build the application that the `client` fixture talks to."""
    return create_app(settings)


@pytest.fixture
async def borrower_id(client: AsyncClient) -> str:
    """The id of a borrower without loans."""
    body = {"email": f"borrower{next(_numbers)}@example.com", "full_name": "Ada"}
    answer = await client.post("/api/v1/users", json=body | {"kyc_status": "approved"})
    assert answer.status_code == 201
    return str(answer.json()["id"])


@pytest.fixture
async def loan(client: AsyncClient, borrower_id: str) -> dict[str, Any]:
    """A pending loan of that borrower."""
    body = {"borrower_id": borrower_id, "amount": "1000.00", "duration_months": 12}
    answer = await client.post("/api/v1/loans", json=body)
    assert answer.status_code == 201
    created: dict[str, Any] = answer.json()
    return created

"""A new password of the database is used by a service that runs, on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis.problems import Unavailable
from tests.integration.postgres import Postgres

ROLE = "rotating"
# The other lines count for all other roles.
ASK_FOR_PASSWORD = f"local all {ROLE} scram-sha-256\nhost all {ROLE} all scram-sha-256\n"


async def run(url: str, *statements: str) -> None:
    """Run statements as the owner of everything."""
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)


async def change_rules(url: str, change: Callable[[str], str]) -> None:
    """Write anew who gets into the server, and how."""
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        file = await connection.scalar(text("SHOW hba_file"))
        before = await connection.scalar(text("SELECT pg_read_file(:file)"), {"file": file})
        lines = f"SELECT regexp_split_to_table($rules${change(before)}$rules$, E'\\n')"
        await connection.exec_driver_sql(f"COPY ({lines}) TO '{file}' (DELIMITER E'\\x01')")
        await connection.exec_driver_sql("SELECT pg_reload_conf()")


@pytest.fixture(scope="module")
def owner(server: Postgres) -> Iterator[str]:
    """The database, for who may do everything; it asks the role for its password."""
    url = server.database("postgres")
    asyncio.run(run(url, f"CREATE ROLE {ROLE} LOGIN PASSWORD 'first'"))
    asyncio.run(change_rules(url, lambda rules: ASK_FOR_PASSWORD + rules))
    yield url
    asyncio.run(change_rules(url, lambda rules: rules.replace(ASK_FOR_PASSWORD, "")))


@pytest.fixture
async def app(
    owner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FastAPI]:
    """A data service whose password is in a file."""
    await run(owner, f"ALTER ROLE {ROLE} PASSWORD 'first'")
    (tmp_path / "database_password").write_text("first")
    url = make_url(owner).set(username=ROLE, password=None)
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
    app = build_data_app("Rotating", [], DataSettings())
    yield app
    await app.state.database.close()


async def test_it_is_used_for_new_connections(app: FastAPI, owner: str, tmp_path: Path) -> None:
    database = app.state.database
    async with database.connect() as held:
        await run(owner, f"ALTER ROLE {ROLE} PASSWORD 'second'")
        with pytest.raises(Unavailable):
            await database.ping()

        (tmp_path / "database_password").write_text("second")
        await app.state.secrets.look()

        await database.ping()
        assert await held.scalar(text("SELECT 1")) == 1

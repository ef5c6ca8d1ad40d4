"""The migrations: there and back, and complete."""

import asyncio
from importlib import import_module

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import create_async_engine
from tools.dev.system import Service

from chassis.database.migrations import Migrations
from tests.integration.postgres import Postgres
from tests.integration.system import (
    application,
    create_database,
    environment,
    migrate,
    package,
    system,
)

SERVICES = [service for service in system().services if service.upgrade]


@pytest.fixture(params=SERVICES, ids=lambda service: service.name)
def migrated(request: pytest.FixtureRequest) -> Service:
    """Each service that has migrations."""
    service: Service = request.param
    return service


@pytest.fixture(scope="module")
def empty_url(server: Postgres) -> str:
    """A database without tables."""
    create_database(server.database("postgres"), "migrations")
    return server.database("migrations")


def tables(url: str) -> set[str]:
    """List the tables of a database."""

    async def listed() -> list[str]:
        engine = create_async_engine(url)
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        finally:
            await engine.dispose()

    return set(asyncio.run(listed())) - {"alembic_version"}


def migrations_of(service: Service, url: str) -> Migrations:
    """Give the migrations of a service, and of the features that bring their own."""
    models = import_module(f"{package(service)}.models")
    settings = application(service, environment(service, url)).state.settings
    return Migrations(models.Base.metadata, settings.migrations)


def test_they_lead_there_and_back_and_there_again(migrated: Service, empty_url: str) -> None:
    branches = ScriptDirectory.from_config(migrations_of(migrated, empty_url).config).get_bases()
    migrate(migrated, empty_url, "upgrade")
    there = tables(empty_url)
    for first in branches:
        migrate(migrated, empty_url, "downgrade", f"{first}@base")
    back = tables(empty_url)
    migrate(migrated, empty_url, "upgrade")

    assert there
    assert back == set()
    assert tables(empty_url) == there


@pytest.mark.filterwarnings("ignore:Cannot correctly sort tables")  # circles of references
def test_the_models_need_no_further_one(migrated: Service, database_url: str) -> None:
    migrations = migrations_of(migrated, database_url)

    def check(connection: Connection) -> None:
        migrations.config.attributes["connection"] = connection
        command.check(migrations.config)

    async def checked() -> None:
        engine = create_async_engine(database_url)
        try:
            async with engine.connect() as connection:
                await connection.run_sync(check)
        finally:
            await engine.dispose()

    asyncio.run(checked())

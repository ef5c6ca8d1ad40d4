"""The migrations: there and back, and complete."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from tools.dev.system import Service

from chassis.database import DatabaseSettings
from chassis.database.migrations import Migrations, main
from tests.integration.postgres import Postgres
from tests.integration.system import (
    application,
    create_database,
    environment,
    migrate,
    package,
    system,
)

SERVICES = [service for service in system().services if service.in_database]


@pytest.fixture(params=SERVICES, ids=lambda service: service.name)
def migrated(request: pytest.FixtureRequest) -> Service:
    """Each service that has migrations of the database."""
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


SLOW = """
import sqlalchemy as sa
from alembic import op

revision = "slow_1"
down_revision = None
branch_labels = ("slow",)
depends_on = None


def upgrade() -> None:
    op.add_column("busy", sa.Column("more", sa.Integer()))
    with op.get_context().autocommit_block():
        op.create_index("ix_busy_id", "busy", ["id"], postgresql_concurrently=True)


def downgrade() -> None:
    op.drop_column("busy", "more")
"""


@dataclass
class Busy:
    """A table in a database of its own, a migration of it, and what is waited for."""

    url: str
    versions: Path
    longest: float = 0.0

    def migrate(self, **settings: float) -> None:
        """Apply the migration."""
        own = DatabaseSettings(database_url=self.url, **settings)  # type: ignore[arg-type]
        main(MetaData(), self.versions, own, arguments=["upgrade"])

    @asynccontextmanager
    async def used(self) -> AsyncIterator[AsyncConnection]:
        """Use the table in a transaction that stays open."""
        engine = create_async_engine(self.url)
        try:
            async with engine.connect() as connection:
                await connection.execute(text("SELECT count(*) FROM busy"))
                yield connection
        finally:
            await engine.dispose()

    async def read(self, until: asyncio.Event) -> None:
        """Read as a service does, and note how long it takes at most."""
        engine = create_async_engine(self.url)
        while not until.is_set():
            begun = time.monotonic()
            async with engine.connect() as connection:
                await connection.execute(text("SELECT count(*) FROM busy"))
            self.longest = max(self.longest, time.monotonic() - begun)
            await asyncio.sleep(0.01)
        await engine.dispose()


@pytest.fixture
async def busy(server: Postgres, tmp_path: Path) -> Busy:
    """A table with a row."""
    name = f"busy_{uuid4().hex}"
    await asyncio.to_thread(create_database, server.database("postgres"), name)
    engine = create_async_engine(server.database(name))
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE busy AS SELECT 1 AS id"))
    await engine.dispose()
    versions = tmp_path / "service" / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "0001_slow.py").write_text(SLOW)
    return Busy(server.database(name), versions)


async def test_a_migration_lets_others_pass_while_it_waits(
    busy: Busy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.database.migrations.VERSION_LOCATIONS", [])
    done = asyncio.Event()
    async with busy.used() as long_query:
        reading = asyncio.create_task(busy.read(done))
        migrating = asyncio.create_task(
            asyncio.to_thread(busy.migrate, migration_lock_timeout=0.1, migration_patience=60)
        )
        await asyncio.sleep(1.5)  # several attempts
        assert not migrating.done()
        await long_query.rollback()
        await migrating
    done.set()
    await reading

    assert busy.longest < 1.5


async def test_it_gives_up_in_words(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.database.migrations.VERSION_LOCATIONS", [])
    async with busy.used():
        with pytest.raises(SystemExit, match=r"tables were in use for 0\.3 s"):
            await asyncio.to_thread(
                busy.migrate, migration_lock_timeout=0.05, migration_patience=0.3
            )

    await asyncio.to_thread(busy.migrate)
    await asyncio.to_thread(busy.migrate)  # nothing is left to do, and nothing is locked

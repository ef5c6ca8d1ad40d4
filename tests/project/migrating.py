"""Runs in a generated project: takes the migrations of many data services to a real PostgreSQL.

Each line that comes in is the folder of a service; each that goes out is JSON and says what is
wrong with it, or is empty. Every service has a database and a process of its own, into which the
libraries come with it.
"""

import asyncio
import json
import os
import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from chassis.database import Base
from chassis.database.migrations import Migrations
from sqlalchemy import Connection, MetaData, inspect, select, text
from sqlalchemy.ext.asyncio import create_async_engine
from tools.dev.postgres import embedded_postgres


def main() -> None:
    """Answer every line, until there is none."""
    with TemporaryDirectory(prefix="names-") as home, embedded_postgres(Path(home) / "pg") as at:
        for number, line in enumerate(sys.stdin):
            name = f"case_{number}"
            asyncio.run(administer(at, f"CREATE DATABASE {name}"))
            told = apart(Path(line.strip()), url(at, name))
            asyncio.run(administer(at, f"DROP DATABASE {name} WITH (FORCE)"))
            sys.stdout.write(f"{json.dumps(told)}\n")


def url(at: str, database: str) -> str:
    """The address of a database."""
    return f"postgresql+asyncpg://postgres@/{database}?host={at}"


async def administer(at: str, statement: str) -> None:
    """Run a statement that takes no transaction."""
    engine = create_async_engine(url(at, "postgres"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


def apart(service: Path, address: str) -> str:
    """Look at a service in a child process, and give what is wrong with it."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        os.write(writing, fault(service, address).encode()[:4000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        told = said.read()
    _, status = os.wait()
    return told or (f"the process ended with {status}" if status else "")


def fault(service: Path, address: str) -> str:
    """Say what happens, if it is not what should."""
    try:
        asyncio.run(looked_at(service, address))
    except Exception as error:  # noqa: BLE001  (it is told)
        return f"{type(error).__name__}: {error}"
    return ""


async def looked_at(service: Path, address: str) -> None:
    """Import the tables, and take the migrations there and back."""
    sys.path[:0] = [str(service / "src"), str(service.parent.parent / "shared/src")]
    import_module(f"{service.name}.models")
    engine = create_async_engine(address)
    async with engine.connect() as connection:
        await connection.run_sync(there_and_back, Base.metadata, service / "migrations/versions")
    await engine.dispose()


def there_and_back(connection: Connection, metadata: MetaData, versions: Path) -> None:
    """Migrate, look for a difference to the models, read each table, and go back."""
    migrations = Migrations(metadata, versions)
    migrations.config.attributes["connection"] = connection
    before = set(inspect(connection).get_table_names())
    migrations.upgrade()
    command.check(migrations.config)
    for table in metadata.tables.values():
        # A table with a name of PostgreSQL's own would be another one.
        assert connection.execute(select(*table.columns)).all() == [], table.name
    connection.rollback()
    command.downgrade(migrations.config, "base")
    left = set(inspect(connection).get_table_names()) - before - {"alembic_version"}
    assert not left, f"tables stay: {left}"


if __name__ == "__main__":
    main()

"""Migrations of a data service: Alembic, set up here instead of in an ``alembic.ini``."""

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import stamina
from alembic import command
from alembic.config import Config
from alembic.operations import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from chassis import logs
from chassis.database.settings import DatabaseSettings

ENVIRONMENT = Path(__file__).parent / "alembic"
PATIENCE = 30
"""Seconds that the database gets to come up."""


def main(
    metadata: MetaData,
    versions: Path,
    settings: DatabaseSettings,
    *,
    others: Sequence[Path] = (),
    arguments: Sequence[str] | None = None,
) -> None:
    """Run one command of ``upgrade``, ``downgrade``, ``revision``, ``current`` and ``heads``.

    ``versions`` is the folder of the service's own migrations, where new ones are written;
    migrations of ``others`` are applied with them. Exits with a message when it cannot be done.
    """
    logs.configure("INFO")
    options = _parser().parse_args(arguments)
    migrations = Migrations(metadata, versions, others)
    try:
        asyncio.run(_on_database(settings, lambda connection: options.run(migrations, connection, options)))
    except (CommandError, DBAPIError, OSError) as error:
        sys.exit(f"{options.command}: {error}")

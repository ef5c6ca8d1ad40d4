"""Migrations of a data service: Alembic, set up here instead of in an ``alembic.ini``."""

import asyncio
import logging
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.operations import MigrationScript
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, MetaData
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from chassis import logs
from chassis.database import roles
from chassis.database.connecting import engine_of
from chassis.database.features import VERSION_LOCATIONS
from chassis.database.migration_run import TablesInUse, migrate
from chassis.database.newer import of_a_newer_release
from chassis.database.risks import risks
from chassis.database.settings import DatabaseSettings, address, owner_address

ENVIRONMENT = Path(__file__).parent / "alembic"


def main(
    metadata: MetaData,
    versions: Path,
    settings: DatabaseSettings,
    *,
    others: Sequence[Path] = (),
    arguments: Sequence[str] | None = None,
) -> None:
    """Run a command: ``upgrade``, ``downgrade REV``, ``revision -m TEXT``, ``current``, ``heads``.

    ``versions`` is the folder of the service's own migrations, to which new ones are written;
    the migrations in ``others`` and those of features are applied with them. They run as the
    owner of the tables if the settings name one; an upgrade gives the service's role its rights
    then. Exits with a message when it fails.
    """
    logs.configure("INFO")
    logging.getLogger("alembic.runtime.plugins").setLevel("WARNING")  # six lines that say nothing
    options = _parser().parse_args(arguments)
    migrations = Migrations(metadata, versions, others)

    service = role_of_service(settings) if options.run is Migrations.upgrade else None

    def run(connection: Connection) -> None:
        migrations.config.attributes["connection"] = connection
        if service:
            roles.ensure(connection, service)
        options.run(migrations, **{name: getattr(options, name) for name in options.given})
        if service:
            roles.grant(connection, service, metadata)

    try:
        asyncio.run(_connected(settings, run))
    except (CommandError, DBAPIError, OSError, TablesInUse, roles.RoleError) as error:
        sys.exit(f"{options.command}: {getattr(error, 'orig', None) or error}")


class Migrations:
    """The migrations of a service, which may come from several folders.

    Each folder is a branch of its own, and all branches are kept at their newest migration.
    """

    def __init__(self, metadata: MetaData, versions: Path, others: Sequence[Path] = ()) -> None:
        self.versions = versions.resolve()
        self.config = _config([self.versions, *others, *VERSION_LOCATIONS])
        self.config.attributes["metadata"] = metadata

    def upgrade(self) -> None:
        """Apply what has not been applied, of every branch; leave alone what a newer release has done."""
        script = ScriptDirectory.from_config(self.config)
        metadata, connection = (self.config.attributes[key] for key in ("metadata", "connection"))
        if newer := of_a_newer_release(script, metadata, connection):
            self.config.print_stdout("A newer release has been here (%s): it stays.", *newer[:1])
            return
        command.upgrade(self.config, "heads")

    def downgrade(self, revision: str) -> None:
        """Go back to a revision; ``-1`` and ``base`` concern the service's own branch."""
        head = self._own_head()
        if revision == "base" or revision.startswith("-"):
            labels = sorted(head.branch_labels) if head else []
            revision = f"{labels[0]}@{revision}" if labels else revision
        command.downgrade(self.config, revision)

    def revision(self, message: str) -> None:
        """Write a migration with what the models have and the database has not."""
        head = self._own_head()
        told: list[str] = []

        def review(_context: Any, _revision: Any, directives: list[MigrationScript]) -> None:
            _leave_out_empty(directives)
            for operations in chain(*(one.upgrade_ops_list for one in directives)):
                told.extend(risks(operations))

        number = sum(1 for _ in self.versions.glob("*.py")) + 1
        self.config.set_main_option("file_template", f"{number:04d}_%%(slug)s")
        written = command.revision(
            self.config,
            message,
            autogenerate=True,
            head=head.revision if head else "base",
            branch_label=None if head else self.versions.parent.parent.name,
            version_path=str(self.versions),
            process_revision_directives=review,
        )
        if not written:
            self.config.print_stdout("The database already has what the models have: no migration.")
        for risk in told:
            self.config.print_stdout("With rows in the table: %s.", risk)

    def current(self) -> None:
        """Print the migrations that the database is at."""
        command.current(self.config)

    def heads(self) -> None:
        """Print the newest migration of each branch."""
        command.heads(self.config)

    def _own_head(self) -> Script | None:
        """Find the newest migration in the service's own folder."""
        scripts = ScriptDirectory.from_config(self.config)
        heads = [scripts.get_revision(name) for name in scripts.get_heads()]
        own = [head for head in heads if Path(head.path).resolve().parent == self.versions]
        if len(own) > 1:
            names = " and ".join(sorted(Path(head.path).name for head in own))
            raise CommandError(f"{names} follow the same migration: make one follow the other.")
        return own[0] if own else None


def _parser() -> ArgumentParser:
    parser = ArgumentParser(description="Migrations of the database.")
    commands = parser.add_subparsers(dest="command", required=True)

    def add(run: Any) -> ArgumentParser:
        added = commands.add_parser(run.__name__, help=run.__doc__)
        added.set_defaults(run=run, given=[])
        return added

    add(Migrations.upgrade)
    downgrade = add(Migrations.downgrade)
    downgrade.add_argument("revision", help="a revision, -1 for one step, base for all")
    downgrade.set_defaults(given=["revision"])
    revision = add(Migrations.revision)
    revision.add_argument("-m", "--message", required=True, help="what the migration does")
    revision.set_defaults(given=["message"])
    add(Migrations.current)
    add(Migrations.heads)
    return parser


def _config(locations: Sequence[Path]) -> Config:
    config = Config(stdout=sys.stdout)
    options = {
        "script_location": str(ENVIRONMENT),
        "path_separator": "newline",
        "version_locations": "\n".join(str(location.resolve()) for location in locations),
    }
    for name, value in options.items():
        config.set_main_option(name, value.replace("%", "%%"))
    if find_spec("ruff"):
        _format_with_ruff(config)
    return config


def _format_with_ruff(config: Config) -> None:
    hooks = {"fix": "check --fix-only --quiet", "format": "format --quiet"}
    config.set_section_option("post_write_hooks", "hooks", ",".join(hooks))
    for name, arguments in hooks.items():
        config.set_section_option("post_write_hooks", f"{name}.type", "module")
        config.set_section_option("post_write_hooks", f"{name}.module", "ruff")
        options = f"{arguments} REVISION_SCRIPT_FILENAME"
        config.set_section_option("post_write_hooks", f"{name}.options", options)


def _leave_out_empty(directives: list[MigrationScript]) -> None:
    if all(directive.upgrade_ops and directive.upgrade_ops.is_empty() for directive in directives):
        directives.clear()


def role_of_service(settings: DatabaseSettings) -> URL | None:
    """Give the address for the service's role, if migrations have another one."""
    owner, service = owner_address(settings), address(settings)
    if owner is None or service.username in {None, owner.username}:
        return None
    return service


async def _connected(settings: DatabaseSettings, run: Callable[[Connection], None]) -> None:
    owner = owner_address(settings) or address(settings)
    engine = engine_of(owner, poolclass=NullPool)
    try:
        await migrate(engine, settings, run)
    finally:
        await engine.dispose()

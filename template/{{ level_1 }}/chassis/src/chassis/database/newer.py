"""A database that a newer release has migrated, as it is after a rollback."""

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData, inspect


def of_a_newer_release(
    script: ScriptDirectory, metadata: MetaData, connection: Connection
) -> list[str]:
    """Name the migrations of the database that this release does not know.

    Raises CommandError if this release lacks something there, or would have to migrate as well:
    only a release that changes nothing can run beside one that is newer.
    """
    known = {one.revision for one in script.walk_revisions()}
    applied = set(MigrationContext.configure(connection).get_current_heads())
    newer = sorted(applied - known)
    lacking = _lacking(metadata, connection) if newer else []
    connection.rollback()  # Alembic's own transactions begin after this one
    if lacking or (newer and not applied & known <= set(script.get_heads())):
        reason = f"and has no {lacking[0]}" if lacking else "and lacks others of this release"
        raise CommandError(
            f"the database is at {', '.join(newer)}, which this release does not know, {reason}:"
            " deploy the release that brought it, or restore a backup"
        )
    return newer


def _lacking(metadata: MetaData, connection: Connection) -> list[str]:
    """Name each table and column that the models have, and the database has not."""
    there = inspect(connection)
    lacking = []
    for table in metadata.sorted_tables:
        if not there.has_table(table.name, table.schema):
            lacking.append(f"table {table.name}")
            continue
        columns = {column["name"] for column in there.get_columns(table.name, table.schema)}
        lacking += [f"column {c}" for c in table.columns if c.name not in columns]
    return lacking

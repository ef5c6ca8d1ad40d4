"""What a migration would do to a table with many rows, and to those who use it meanwhile."""

from collections.abc import Iterator
from typing import Any

from alembic.operations import ops
from sqlalchemy import Computed, DefaultClause, Identity, String
from sqlalchemy.types import TypeEngine

NOT_NULL = (
    "NOT NULL without a default fails on a table with rows; add it with a server_default, or"
    " nullable, then fill it, then make it NOT NULL"
)
COMPUTED = (
    "a default that differs by row rewrites the table while nobody can use it; add it nullable"
)
RETYPED = (
    "another type may rewrite the table while nobody can use it; add a column instead, and fill it"
)
NO_NULLS = (
    "NOT NULL fails where there is NULL, and reads the whole table while nobody can use it; add a"
    " CHECK with postgresql_not_valid=True before, and validate it"
)
INDEX = (
    "writes wait while the index is built; say postgresql_concurrently=True, inside"
    " with op.get_context().autocommit_block()"
)
UNIQUE = (
    "it fails where values are there twice, and nobody can use the table meanwhile; create a unique"
    " index concurrently first"
)
CHECKED = (
    "every row is checked while writes wait; say postgresql_not_valid=True, and validate it in"
    " another migration"
)
DROPPED = (
    "what still runs uses it; take it out of the models, deploy, and drop it with the next one"
)

_SAME_FOR_ALL = ("now()", "current_")


def risks(operations: ops.UpgradeOps) -> Iterator[str]:
    """Name what could fail or lock; a table that the same migration makes has no rows yet."""
    flat = list(_flat(operations))
    made = {one.table_name for one in flat if isinstance(one, ops.CreateTableOp)}
    for one in flat:
        table, told = getattr(one, "table_name", ""), _told(one)
        if told and table not in made:
            yield from (
                f"{table}.{name}: {text}" if name else f"{table}: {text}" for name, text in told
            )


def _flat(operations: ops.OpContainer) -> Iterator[ops.MigrateOperation]:
    for one in operations.ops:
        if isinstance(one, ops.OpContainer):
            yield from _flat(one)
        else:
            yield one


def _told(one: ops.MigrateOperation) -> list[tuple[str, str]]:
    match one:
        case ops.AddColumnOp(column=column):
            return [(column.name, text) for text in _of_column(column)]
        case ops.AlterColumnOp(column_name=name):
            return [(name, text) for text in _of_change(one)]
        case ops.DropColumnOp(column_name=name):
            return [(name, DROPPED)]
        case ops.DropTableOp():
            return [("", DROPPED)]
    return [(_name(one), text) for kind, text in _BY_KIND if isinstance(one, kind) and _heavy(one)]


_BY_KIND: tuple[tuple[type[ops.MigrateOperation], str], ...] = (
    (ops.CreateIndexOp, INDEX),
    (ops.CreateUniqueConstraintOp, UNIQUE),
    (ops.CreateForeignKeyOp, CHECKED),
    (ops.CreateCheckConstraintOp, CHECKED),
)


def _name(one: Any) -> str:
    return str(getattr(one, "index_name", None) or getattr(one, "constraint_name", None) or "")


def _heavy(one: Any) -> bool:
    options = one.kw
    return not (options.get("postgresql_concurrently") or options.get("postgresql_not_valid"))


def _of_column(column: Any) -> Iterator[str]:
    default = column.server_default
    if default is None and not column.nullable:
        yield NOT_NULL
    if isinstance(default, (Computed, Identity)):
        yield COMPUTED
    elif isinstance(default, DefaultClause):
        text = str(getattr(default.arg, "text", default.arg)).lower()
        if "(" in text and not text.startswith(_SAME_FOR_ALL):
            yield COMPUTED


def _of_change(one: ops.AlterColumnOp) -> Iterator[str]:
    if one.modify_type is not None and not _only_longer(one.existing_type, one.modify_type):
        yield RETYPED
    if one.modify_nullable is False:
        yield NO_NULLS


def _only_longer(before: TypeEngine[Any] | None, after: TypeEngine[Any]) -> bool:
    """Tell whether texts only may become longer: that needs no look at the rows."""
    if not isinstance(before, String) or not isinstance(after, String):
        return False
    return after.length is None or (before.length is not None and after.length >= before.length)

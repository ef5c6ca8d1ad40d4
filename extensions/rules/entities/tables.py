"""Tables in PostgreSQL: the names of all that belongs to one, and its indexes."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .types import is_nullable, is_sortable, offered

# What PostgreSQL keeps of a name; SQLAlchemy cuts those that it makes itself in the same way.
LONGEST_NAME = 63
DIGEST_LENGTH = 4


def database_name(kind: str, table: str, *columns: str) -> str:
    """The name of a constraint or an index of a table: `ix_tasks_created_at_id`.

    The kinds are those of the naming convention in `chassis.database`: pk, uq, fk, ck and ix.
    """
    name = "_".join([kind, table, *columns])
    if len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[-DIGEST_LENGTH:]
    return f"{name[: LONGEST_NAME - DIGEST_LENGTH - 4]}_{digest}"


def indexes(table: str, fields: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The indexes of a table, besides those of its key and of what is unique."""
    return [
        {"name": database_name("ix", table, *columns), "columns": list(columns)}
        for columns in _indexed(fields)
    ]


def table_args(table: str, fields: Sequence[Mapping[str, Any]]) -> str:
    """The indexes as the tuple that the mapped class has, in Python."""
    made = [
        f"sa.Index({', '.join(json.dumps(part) for part in (index['name'], *index['columns']))})"
        for index in indexes(table, fields)
    ]
    return f"({', '.join(made)}{',' if len(made) == 1 else ''})"


def _indexed(fields: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """An index for each filter and each sort that a list offers."""
    yield "created_at", "id"
    yield "updated_at", "id"
    for field in fields:
        if not offered(field):
            continue
        if is_sortable(field):
            # What is unique has an index already, but that of its NULLs are all alike.
            if not field.get("unique") or is_nullable(field):
                yield field["name"], "id"
        elif not field.get("unique"):
            yield field["name"], "created_at", "id"


def relations(table: str, fields: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Every name that a table takes among those of tables and indexes, which share them."""
    yield table
    yield database_name("pk", table)
    for field in fields:
        if field.get("unique"):
            yield database_name("uq", table, field["name"])
    for index in indexes(table, fields):
        yield index["name"]

"""The column of a field, in the mapped class and in the migration."""

import json
from collections.abc import Mapping
from typing import Any

from .literals import string_literal
from .tables import database_name
from .types import DECIMAL_PLACES, length_of

# PostgreSQL writes numbers out, so that 64 KiB of JSON become more.
STORED_JSON_BYTES = 1024 * 1024


def referenced(field: Mapping[str, Any], plurals: Mapping[str, str]) -> str:
    """The table that a reference points to."""
    return str(field.get("table") or plurals[field["references"]])


def _column_type(field: Mapping[str, Any], kind: Mapping[str, Any]) -> str:
    longest = max(map(len, field["values"])) if "values" in field else length_of(field)
    places = field.get("decimal_places", DECIMAL_PLACES)
    column = str(kind["column"].format(length=longest, places=places))
    return column if column.startswith("JSONB") else f"sa.{column}"


def _readable(field: Mapping[str, Any]) -> str | None:
    """What the table checks: whoever writes, a record can be read and is not too large."""
    column = f'"{field["name"]}"'
    match field["type"]:
        case "decimal":
            return f"{column} <> 'NaN'"
        case "date" | "datetime":
            return f"isfinite({column})"
        case "text":
            return f"length({column}) <= {length_of(field)}"
        case "email":
            return f"{column} = lower({column})"
        case "json":
            return f"octet_length({column}::text) <= {STORED_JSON_BYTES}"
        case _:
            return None


def model_line(
    field: Mapping[str, Any],
    kind: Mapping[str, Any],
    nullable: bool,  # noqa: FBT001
    plurals: Mapping[str, str],
) -> str:
    """The mapped column of a field."""
    name = field["name"]
    python_type = kind["python"].format(enum="str")
    # Without the option a missing value would be stored as the JSON value null.
    parts = [_column_type(field, kind).replace("JSONB()", "JSONB(none_as_null=True)")]
    attribute = name
    if name in {"metadata", "registry"}:
        attribute = f"{name}_"
        parts.insert(0, json.dumps(name))
    if "references" in field:
        parts.append(f'sa.ForeignKey("{referenced(field, plurals)}.id")')
    if condition := _readable(field):
        parts.append(f'sa.CheckConstraint({string_literal(condition)}, name="{name}")')
    if field.get("unique"):
        parts.append("unique=True")
    optional = " | None" if nullable else ""
    return f"{attribute}: Mapped[{python_type}{optional}] = mapped_column({', '.join(parts)})"


def migration_column(field: Mapping[str, Any], kind: Mapping[str, Any], nullable: bool) -> str:  # noqa: FBT001
    """The column of a field where its table is created."""
    return f'sa.Column("{field["name"]}", {_column_type(field, kind)}, nullable={nullable})'


def migration_check(table: str, field: Mapping[str, Any]) -> str | None:
    """The check of a field where its table is created."""
    condition = _readable(field)
    name = f'op.f("{database_name("ck", table, field["name"])}")'
    return condition and f"sa.CheckConstraint({string_literal(condition)}, name={name})"

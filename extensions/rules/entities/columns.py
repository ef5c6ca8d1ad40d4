"""The column of a field, in the mapped class and in the migration."""

import json
from collections.abc import Mapping
from typing import Any

from .types import DECIMAL_PLACES, length_of


def _column_type(field: Mapping[str, Any], kind: Mapping[str, Any]) -> str:
    longest = max(map(len, field["values"])) if "values" in field else length_of(field)
    places = field.get("decimal_places", DECIMAL_PLACES)
    column = str(kind["column"].format(length=longest, places=places))
    return column if column.startswith("JSONB") else f"sa.{column}"


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
        parts.append(f'sa.ForeignKey("{plurals[field["references"]]}.id")')
    if field.get("unique"):
        parts.append("unique=True")
    elif "references" in field:
        parts.append("index=True")
    optional = " | None" if nullable else ""
    return f"{attribute}: Mapped[{python_type}{optional}] = mapped_column({', '.join(parts)})"


def migration_column(field: Mapping[str, Any], kind: Mapping[str, Any], nullable: bool) -> str:  # noqa: FBT001
    """The column of a field where its table is created."""
    return f'sa.Column("{field["name"]}", {_column_type(field, kind)}, nullable={nullable})'

"""A field, in every form that the templates write it."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ..catalog import catalog
from ..names import class_name
from .columns import migration_check, migration_column, model_line, referenced
from .domain_rules import domain_rules
from .literals import json_literal, number_literal, string_literal, whole_literal
from .samples import as_python, invalid_values, other_sample_of, sample_of
from .tables import database_name
from .types import (
    DECIMAL_DIGITS,
    DECIMAL_PLACES,
    bounds,
    is_nullable,
    is_sortable,
    length_of,
    offered,
    range_parameters,
)


def field_model(
    entity: Mapping[str, Any], field: Mapping[str, Any], plurals: Mapping[str, str]
) -> dict[str, Any]:
    """Work out what the templates write for a field of an entity."""
    kind = catalog()["field_types"][field["type"]]
    name, table = field["name"], plurals[entity["name"]]
    named = f"{class_name(entity['name'])}{class_name(name)}"
    constraint = _constraint(field)
    # A reader knows the values of its own release; the one that writes may have one more.
    python_type = kind["python"].format(enum=f"{named} | str")
    dto = named if constraint else kind["dto"]
    required = bool(field.get("required"))
    default = _default(field)
    nullable = is_nullable(field)
    optional = " | None" if nullable else ""
    tail = f" = {default}" if default else (" = None" if nullable else "")
    sample = sample_of(field)
    return {
        "name": name,
        "type": field["type"],
        "required": required,
        "nullable": nullable,
        "unique": bool(field.get("unique")),
        "reference": referenced(field, plurals) if "references" in field else None,
        "sortable": is_sortable(field),
        # `metadata` and `registry` are taken in SQLAlchemy's declarative classes; only the
        # Python attribute differs, the column keeps its name.
        "attribute": f"{name}_" if name in {"metadata", "registry"} else name,
        "alias": f"{named} = {constraint}" if constraint else None,
        "literal_alias": f"{named} = {constraint}" if field["type"] == "enum" else None,
        "domain": f"{name}: {python_type}{optional}{tail}",
        "create": f"{name}: {dto}{optional}{tail}",
        "change": f"{name}: {_optional_change(dto, nullable)} = None",
        "read": f"{name}: {python_type}{optional}",
        "json": _json_kind(kind, nullable),
        "model": model_line(field, kind, nullable, plurals),
        "column": migration_column(field, kind, nullable),
        "check": migration_check(table, field),
        "foreign_key": database_name("fk", table, name),
        "unique_key": database_name("uq", table, name),
        "rules": list(domain_rules(field, nullable)),
        "filters": [
            f"{parameter}: {_filter_type(field, dto)} = None" for parameter in _parameters(field)
        ],
        "sample_python": as_python(field, sample),
        "sample_literal": json_literal(sample),
        "other_sample_literal": json_literal(other_sample_of(field, sample)),
        "invalid_json": invalid_values(field),
    }


def _optional_change(dto: str, nullable: bool) -> str:  # noqa: FBT001
    """The type of a field that may be left out of a change; only some may be set to null."""
    return f"{dto} | None" if nullable else f"Annotated[{dto} | None, NotNull()]"


def _filter_type(field: Mapping[str, Any], dto: str) -> str:
    """The type of a parameter: all of them are texts, also where JSON has none."""
    if field["type"] in {"integer", "boolean"}:
        return f"Annotated[{dto} | None, FromText()]"
    return f"{dto} | None"


def _json_kind(kind: Mapping[str, Any], nullable: bool) -> str:  # noqa: FBT001
    """What a record has in JSON for the field, as the contracts of events say it."""
    return f"{kind['json']} or null" if nullable else str(kind["json"])


def _parameters(field: Mapping[str, Any]) -> list[str]:
    equal = [field["name"]] if "equal" in offered(field) else []
    return [*equal, *range_parameters(field)]


def _constraint(field: Mapping[str, Any]) -> str | None:
    """The annotated type of a field that is more than its Python type, as Python source."""
    match field["type"]:
        case "enum":
            return f"Literal[{', '.join(json.dumps(value) for value in field['values'])}]"
        case "string" | "text":
            least = "min_length=1, " if field.get("required") else ""
            limits = f"{least}max_length={whole_literal(length_of(field))}"
            return f"Annotated[str, Field({limits}), Exact({_exactness(field)})]"
        case "integer":
            lowest, highest = bounds(field)
            limits = f"ge={number_literal(field, lowest)}, le={number_literal(field, highest)}"
            return f"Annotated[int, Field({limits}), Exact()]"
        case "decimal":
            return f"Annotated[Decimal, Field({_decimal_limits(field)}), Exact()]"
        case kind if kind in EXACT_TYPES:
            return f"Annotated[{EXACT_TYPES[kind]}, Exact()]"
        case _:
            return None


EXACT_TYPES = {
    "boolean": "bool",
    "date": "dt.date",
    "datetime": "AwareDatetime",
    "email": "EmailStr",
    "json": "dict[str, Any]",
    "reference": "UUID",
    "uuid": "UUID",
}


def _exactness(field: Mapping[str, Any]) -> str:
    """What is exact about a text besides that it has no control characters."""
    if field.get("unique"):
        return "unique=True"
    return "lines=True" if field["type"] == "text" else ""


def _decimal_limits(field: Mapping[str, Any]) -> str:
    lowest, highest = bounds(field)
    places = field.get("decimal_places", DECIMAL_PLACES)
    rules = [f"max_digits={DECIMAL_DIGITS}", f"decimal_places={places}"]
    rules += [f"ge={number_literal(field, lowest)}"] if "minimum" in field else []
    rules += [f"le={number_literal(field, highest)}"] if "maximum" in field else []
    return ", ".join(rules)


def _default(field: Mapping[str, Any]) -> str | None:
    if "default" not in field:
        return None
    default = field["default"]
    if field["type"] in {"integer", "decimal"}:
        return number_literal(field, Decimal(str(default)))
    return string_literal(default) if isinstance(default, str) else str(default)

"""Limits and defaults of fields."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ..catalog import catalog
from ..entities.types import (
    DECIMAL_DIGITS,
    DECIMAL_PLACES,
    LARGEST_INTEGER,
    LONGEST_INDEXED,
    bounds,
    largest_number,
    length_of,
)
from .problem import Problem, excerpt


def field_limits(answers: Mapping[str, Any]) -> Iterator[Problem]:
    """Attributes that do not fit the type of their field."""
    for entity_index, entity in enumerate(answers.get("entities", [])):
        for index, field in enumerate(entity["fields"]):
            path = f"entities[{entity_index}].fields[{index}]"
            faults = list(_limit_faults(field)) or list(_default_faults(field))
            for key, message in faults:
                yield Problem(f"{path}.{key}", message)


def _limit_faults(field: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name the attributes that do not fit the field's type or each other."""
    kind = catalog()["field_types"][field["type"]]
    for key in (
        "max_length",
        "minimum",
        "maximum",
        "decimal_places",
        "values",
        "references",
        "table",
    ):
        if key in field and key not in kind["limits"]:
            yield key, f"does not apply to a field of type {field['type']}; remove it"
    for key, of in (("values", "enum"), ("references", "reference")):
        if field["type"] == of and key not in field:
            yield key, f"is missing; a field of type {of} needs it"
    if field.get("unique") and not kind["unique"]:
        yield "unique", f"does not apply to a field of type {field['type']}; remove it"
    if field.get("unique") and field["type"] == "string" and length_of(field) > LONGEST_INDEXED:
        limit = f"must be at most {LONGEST_INDEXED} for a field that is unique"
        yield "max_length", f"{limit}, for it has to fit into an index; got: {length_of(field)}"
    for key in ("minimum", "maximum"):
        if key in field and not _fits(field, field[key]):
            yield key, f"must be {_number_words(field)}; got: {field[key]}"
    if "minimum" in field and "maximum" in field and field["minimum"] > field["maximum"]:
        yield (
            "minimum",
            f"must not be above the maximum {field['maximum']}; got: {field['minimum']}",
        )


def _fits(field: Mapping[str, Any], number: object) -> bool:
    """Tell whether a number has no more digits, before and after the point, than the field keeps."""
    places = field.get("decimal_places", DECIMAL_PLACES) if field["type"] == "decimal" else 0
    value = Decimal(str(number))
    return (
        value.is_finite() and abs(value) <= largest_number(field) and value == round(value, places)
    )


def _number_words(field: Mapping[str, Any]) -> str:
    if field["type"] == "integer":
        return f"a whole number between -{LARGEST_INTEGER} and {LARGEST_INTEGER}"
    places = field.get("decimal_places", DECIMAL_PLACES)
    before = DECIMAL_DIGITS - places
    return f"a number with at most {places} digit(s) after the point and {before} before it"


def _default_faults(field: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "default" not in field:
        return
    default = field["default"]
    if not catalog()["field_types"][field["type"]]["default"]:
        yield "default", f"does not apply to a field of type {field['type']}; remove it"
    elif field.get("required"):
        yield "default", "contradicts `required: true`; remove one of them"
    elif not _default_matches(field, default):
        yield "default", f"must be a value that the field accepts; got: {excerpt(default)}"


def _default_matches(field: Mapping[str, Any], default: object) -> bool:
    match field["type"]:
        case "boolean":
            return isinstance(default, bool)
        case "enum":
            return default in field["values"]
        case "string" | "text":
            return isinstance(default, str) and _plain(default) and len(default) <= length_of(field)
        case "integer" | "decimal":
            return _number_matches(field, default)
        case _:
            return False


def _plain(text: str) -> bool:
    return bool(text.strip()) and text.isprintable()


def _number_matches(field: Mapping[str, Any], default: object) -> bool:
    if isinstance(default, (bool, str)) or not _fits(field, default):
        return False
    number = Decimal(str(default))
    lowest, highest = bounds(field)
    return lowest <= number <= highest

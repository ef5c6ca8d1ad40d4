"""What a field of a type holds: lengths, numbers, filters."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ..catalog import catalog

# What can be done with the records of an entity.
OPERATIONS = ("create", "get", "list", "update", "delete")
# JSON clients read integers exactly up to this value (RFC 8259, section 6).
LARGEST_INTEGER = 2**53 - 1
STRING_LENGTH = 255
TEXT_LENGTH = 10_000
# PostgreSQL's indexes take 2704 bytes, and a character has up to four.
LONGEST_INDEXED = 640
DECIMAL_DIGITS = 18
DECIMAL_PLACES = 2


def length_of(field: Mapping[str, Any]) -> int:
    """How many characters a field takes."""
    return int(field.get("max_length", TEXT_LENGTH if field["type"] == "text" else STRING_LENGTH))


def largest_number(field: Mapping[str, Any]) -> Decimal:
    """The largest number that the column of a field holds."""
    if field["type"] == "integer":
        return Decimal(LARGEST_INTEGER)
    places = int(field.get("decimal_places", DECIMAL_PLACES))
    return Decimal(10) ** (DECIMAL_DIGITS - places) - Decimal(10) ** -places


def bounds(field: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    """The smallest and largest number of a field, also where none was set."""
    edge = largest_number(field)
    return (
        Decimal(str(field.get("minimum", -edge))),
        Decimal(str(field.get("maximum", edge))),
    )


def is_nullable(field: Mapping[str, Any]) -> bool:
    """Whether a record may have no value."""
    return not field.get("required") and "default" not in field


def offered(field: Mapping[str, Any]) -> list[str]:
    """The kinds of filters that a list has for a field: `equal`, `range`."""
    filters: list[str] = catalog()["field_types"][field["type"]]["filters"]
    return filters if _fits_index(field) else []


def is_sortable(field: Mapping[str, Any]) -> bool:
    """Whether a list can be sorted by a field."""
    return bool(catalog()["field_types"][field["type"]]["sortable"]) and _fits_index(field)


def _fits_index(field: Mapping[str, Any]) -> bool:
    return field["type"] != "string" or length_of(field) <= LONGEST_INDEXED


def range_parameters(field: Mapping[str, Any]) -> list[str]:
    """The list filters `from` and `to` of a field, where its type has them."""
    if "range" not in offered(field):
        return []
    return [f"{field['name']}_min", f"{field['name']}_max"]

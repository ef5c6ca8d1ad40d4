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


def range_parameters(field: Mapping[str, Any]) -> list[str]:
    """The list filters `from` and `to` of a field, where its type has them."""
    if "range" not in catalog()["field_types"][field["type"]]["filters"]:
        return []
    return [f"{field['name']}_min", f"{field['name']}_max"]

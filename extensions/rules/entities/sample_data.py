"""Records with which an empty system can be filled: valid, different, and small in number."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ..names import kebab, words
from .literals import decimal_text
from .types import DECIMAL_PLACES, bounds, length_of

RECORDS = 3
_FIRST_DAY = dt.date(2026, 1, 31)


def sample_data(
    entities: Sequence[Mapping[str, Any]], tables: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """By entity, the records as JSON; `tables` are in the order in which they can be filled.

    A reference is `@plural/n`, the n-th record of that kind. An entity of which no record can be
    made over HTTP, because a required reference leads in a circle, has none.
    """
    given = {entity["name"]: entity for entity in entities}
    counts: dict[str, int] = {}
    made: dict[str, str] = {}
    for table in tables:
        records = _records(given[table["name"]], table, counts)
        counts[table["table"]] = len(records)
        made[table["name"]] = json.dumps(records, ensure_ascii=False, indent=2)
    return made


def _records(
    entity: Mapping[str, Any], table: Mapping[str, Any], counts: Mapping[str, int]
) -> list[dict[str, Any]]:
    targets = {field["name"]: field["reference"] for field in table["references"]}
    unique = [field["name"] for field in entity["fields"] if field.get("unique")]
    records: list[dict[str, Any]] = []
    for number in range(1, RECORDS + 1):
        record: dict[str, Any] = {}
        for field in entity["fields"]:
            if field["name"] in targets:
                value = _reference(targets[field["name"]], number, counts)
            else:
                value = _value(field, number, table["table"])
            if value is None and field.get("required"):
                return records
            record |= {} if value is None else {field["name"]: value}
        if all(_differ(name, record, records) for name in unique):
            records.append(record)
    return records


def _differ(name: str, record: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> bool:
    return name not in record or all(record[name] != other.get(name) for other in others)


def _reference(target: str, number: int, counts: Mapping[str, int]) -> str | None:
    there = counts.get(target, 0)
    return f"@{target}/{(number - 1) % there + 1}" if there else None


def _value(field: Mapping[str, Any], number: int, plural: str) -> Any:
    match field["type"]:
        case "string" | "text":
            text = f"{words(field['name']).capitalize()} {number}"
            return text if len(text) <= length_of(field) else str(number)
        case "integer":
            return int(_number(field, number, Decimal(1)))
        case "decimal":
            step = Decimal(10) ** -int(field.get("decimal_places", DECIMAL_PLACES))
            return decimal_text(field, _number(field, number, step))
        case "enum":
            return field["values"][(number - 1) % len(field["values"])]
        case kind:
            return _plain(f"{kebab(plural)}-{number}", number)[kind]


def _plain(name: str, number: int) -> dict[str, Any]:
    """The values of types that know no limits."""
    day = (_FIRST_DAY + dt.timedelta(weeks=number - 1)).isoformat()
    return {
        "boolean": number % 2 == 1,
        "date": day,
        "datetime": f"{day}T12:00:00Z",
        "uuid": str(uuid5(NAMESPACE_URL, name)),
        "email": f"{name}@example.com",
        "url": f"https://example.com/{name}",
        "json": {"number": number},
    }


def _number(field: Mapping[str, Any], number: int, step: Decimal) -> Decimal:
    """The n-th number within the limits of a field: 1, 2, 3, or what is spread between the limits."""
    lowest, highest = bounds(field)
    first = min(max(Decimal(1), lowest), highest)
    if first + RECORDS - 1 <= highest:
        return first + number - 1
    return (lowest + (highest - lowest) * number / (RECORDS + 1)).quantize(step)

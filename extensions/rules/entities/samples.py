"""Values of a field: valid, another one, and one that is refused."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ..names import words
from .literals import decimal_literal, decimal_text, number_literal, whole_literal
from .types import bounds, length_of


def sample_of(field: Mapping[str, Any]) -> Any:
    """A valid JSON value of a field."""
    lowest, highest = bounds(field)
    match field["type"]:
        case "string" | "text":
            return f"Sample {words(field['name'])}"[: length_of(field)].rstrip() or "S"
        case "integer":
            return int(min(max(Decimal(1), lowest), highest))
        case "decimal":
            return decimal_text(field, min(max(Decimal(1), lowest), highest))
        case "enum":
            return field["values"][0]
        case kind:
            return SAMPLES[kind]


SAMPLES: dict[str, Any] = {
    "boolean": True,
    "date": "2026-01-31",
    "datetime": "2026-01-31T12:00:00Z",
    "uuid": "0b8c5d0e-3f6b-4c55-9d0a-5c7f0a3b1e11",
    "email": "someone@example.com",
    "url": "https://example.com/page",
    "json": {"key": "value"},
    "reference": "6f1d2c9a-8a4e-4f57-8d1b-2a9c3e4f5b60",
}

OTHER_SAMPLES: dict[str, Any] = {
    "boolean": False,
    "date": "2026-02-28",
    "datetime": "2026-02-28T18:30:00Z",
    "uuid": "d2a7c1b4-5e8f-4a63-b9c0-7f6e5d4c3b2a",
    "email": "other@example.com",
    "url": "https://example.com/other",
    "json": {"key": "other"},
    "reference": "6f1d2c9a-8a4e-4f57-8d1b-2a9c3e4f5b60",
}


def other_sample_of(field: Mapping[str, Any], sample: Any) -> Any:
    """A second valid value; the same one where the limits allow only one."""
    lowest, highest = bounds(field)
    match field["type"]:
        case "string" | "text":
            return f"Other {words(field['name'])}"[: length_of(field)].rstrip() or "O"
        case "integer":
            return sample + 1 if sample + 1 <= highest else max(sample - 1, int(lowest))
        case "decimal":
            return decimal_text(field, min(max(Decimal(2), lowest), highest))
        case "enum":
            return field["values"][-1]
        case kind:
            return OTHER_SAMPLES[kind]


def as_python(field: Mapping[str, Any], sample: Any) -> str:
    """A sample as the domain has it, as Python source."""
    match field["type"]:
        case "integer" | "boolean":
            return str(sample) if isinstance(sample, bool) else whole_literal(sample)
        case "decimal":
            return decimal_literal(sample)
        case "date":
            return f'dt.date.fromisoformat("{sample}")'
        case "datetime":
            return f'dt.datetime.fromisoformat("{sample}")'
        case "uuid" | "reference":
            return f'UUID("{sample}")'
        case _:
            return json.dumps(sample, ensure_ascii=False)


def invalid_values(field: Mapping[str, Any]) -> list[str]:
    """JSON values that the field must refuse, as Python source."""
    match field["type"]:
        case "string" | "text":
            too_long = f'"x" * {whole_literal(length_of(field) + 1)}'
            return [too_long, r'"a\u0007"', *(UNUSUAL if field.get("unique") else [])]
        case "integer":
            return [number_literal(field, bounds(field)[1] + 1), "True"]
        case kind:
            return INVALID.get(kind, ['"?"'])


# Texts that look like another one.
UNUSUAL = ['"a "', r'"a\u200b"', r'"e\u0301"']
INVALID = {
    "boolean": ['"?"', "0"],
    "date": ['"?"', "0", '"9999-12-31"'],
    "datetime": ['"?"', "0", '"0001-01-01T00:00:00Z"'],
    "decimal": ['"?"', "1e-30"],
    "email": ['"?"', '"Some One <someone@example.com>"'],
    "json": ['"?"', '{"a": 1e300}', '{"a": "x" * 70_000}'],
}

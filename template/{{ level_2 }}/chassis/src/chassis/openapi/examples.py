"""Values that a JSON schema allows, made from nothing but the schema.

Used for the documentation and for tests, so that both hold whatever the schemas become.
"""

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

_DEEPEST = 6
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_FIRST_DAY = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


class Examples:
    """Makes values; another ``serial`` makes other ones, where the schema leaves a choice."""

    def __init__(self, components: Mapping[str, Any], serial: int = 0) -> None:
        self._components = components
        self._serial = serial

    def of(self, schema: Mapping[str, Any], name: str = "value", depth: int = 0) -> Any:
        """Make a value; what the schema gives as its own example counts first."""
        schema = self._resolved(schema)
        match schema:
            case {"examples": [first, *_]} | {"example": first} | {"const": first}:
                return first
            case {"enum": [*values]}:
                return values[self._serial % len(values)]
            case _:
                return self._made(schema, name, depth)

    def _made(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        match schema.get("type", "object" if "properties" in schema else None):
            case "string":
                return self._text(schema, name)
            case "integer" | "number":
                return self._number(schema)
            case "array":
                return self._items(schema, name, depth)
            case "object":
                return self._members(schema, depth)
            case kind:
                return True if kind == "boolean" else None

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow references and choices, of which the first that is not null is taken."""
        match schema:
            case {"examples": _} | {"example": _}:
                return schema
            case {"$ref": str(reference)}:
                return self._resolved(self._components[reference.rpartition("/")[2]])
            case {"anyOf": [*choices]} | {"oneOf": [*choices]}:
                real = [choice for choice in choices if choice.get("type") != "null"]
                return self._resolved(real[0]) if real else {}
            case {"allOf": [only]}:
                return self._resolved(only)
            case _:
                return schema

    def _text(self, schema: Mapping[str, Any], name: str) -> str:
        day = _FIRST_DAY + dt.timedelta(days=self._serial)
        time = _FIRST_DAY + dt.timedelta(minutes=self._serial)
        formatted = {
            "date": day.date().isoformat(),
            "date-time": time.isoformat(),
            "duration": f"PT{self._serial + 1}M",
            "email": f"someone{self._serial or ''}@example.com",
            "time": time.time().isoformat(),
            "uri": f"https://example.com/{self._serial or 'page'}",
            "uuid": str(uuid5(NAMESPACE_URL, str(self._serial))),
        }
        return formatted.get(schema.get("format", "")) or self._words(schema, name)

    def _words(self, schema: Mapping[str, Any], name: str) -> str:
        words = f"Sample {name.replace('_', ' ')}"
        most = schema.get("maxLength", len(words) + 20)
        number = _short(self._serial)
        text = f"{words[: max(most - len(number), 0)]}{number[-most:] if most else ''}"
        return text.rstrip().ljust(schema.get("minLength", 0), "x")

    def _number(self, schema: Mapping[str, Any]) -> int | float:
        step = schema.get("multipleOf", 1)
        lowest, highest = _bounds(schema, step)
        if lowest is None:
            lowest = min(step, highest) if highest is not None else step
        first = math.ceil(lowest / step) * step
        if first != lowest and schema["type"] == "number" and "multipleOf" not in schema:
            first = lowest
        choices = math.floor((highest - first) / step) + 1 if highest is not None else None
        offset = self._serial % max(choices, 1) if choices is not None else self._serial
        value: int | float = first + offset * step
        return value

    def _items(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        least = schema.get("minItems", 0)
        if depth > _DEEPEST and not least:
            return []
        number = max(least, min(1, schema.get("maxItems", 1)))
        return [self.of(schema.get("items", {}), name, depth + 1) for _ in range(number)]

    def _members(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties: Mapping[str, Any] = schema.get("properties", {})
        if not properties:
            return {"key": "value"} if schema.get("additionalProperties", True) else {}
        required = schema.get("required", [])
        chosen = [name for name in properties if depth <= _DEEPEST or name in required]
        return {name: self.of(properties[name], name, depth + 1) for name in chosen}


def _short(number: int) -> str:
    """Write a number in few characters; nothing for 0."""
    high, low = divmod(number, len(_DIGITS))
    return _short(high) + _DIGITS[low] if number else ""


def _bounds(schema: Mapping[str, Any], step: float) -> tuple[float | None, float | None]:
    lowest, highest = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if above is not None:
        lowest = above + step if lowest is None else max(lowest, above + step)
    if below is not None:
        highest = below - step if highest is None else min(highest, below - step)
    return lowest, highest

"""Values as Python source."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .types import DECIMAL_PLACES


def number_literal(field: Mapping[str, Any], value: Decimal) -> str:
    """A number as Python source."""
    if field["type"] == "integer":
        return whole_literal(int(value))
    return decimal_literal(decimal_text(field, value))


def decimal_literal(text: str) -> str:
    """A decimal as Python source: `Decimal("1.50")`, `Decimal(3)`."""
    return f'Decimal("{text}")' if "." in text else f"Decimal({text})"


def whole_literal(number: int) -> str:
    """A whole number as Python source, grouped where it is long."""
    return f"{number:_}" if abs(number) > 9999 else str(number)


def decimal_text(field: Mapping[str, Any], value: Decimal) -> str:
    """A decimal with as many places as its field has."""
    return f"{value:.{field.get('decimal_places', DECIMAL_PLACES)}f}"


def string_literal(text: str) -> str:
    """A text as Python source, in the quotes that need the least escaping."""
    literal = json.dumps(text, ensure_ascii=False)
    if text.count('"') > text.count("'"):
        inner = literal[1:-1].replace('\\"', '"').replace("'", "\\'")
        return f"'{inner}'"
    return literal


def json_literal(value: Any) -> str:
    """A JSON value as Python source."""
    match value:
        case bool():
            return str(value)
        case int():
            return whole_literal(value)
        case _:
            return json.dumps(value, ensure_ascii=False)

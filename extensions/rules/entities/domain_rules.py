"""The rules that the domain keeps for a record."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from .literals import decimal_text, number_literal, whole_literal
from .types import DECIMAL_PLACES, bounds, length_of


def domain_rules(field: Mapping[str, Any], nullable: bool) -> Iterator[dict[str, str]]:  # noqa: FBT001
    """The rules that the domain keeps for a field, with a value that breaks each."""
    name = field["name"]
    absent = f"self.{name} is None or " if nullable else ""
    for condition, message, broken in _conditions(field):
        yield {
            "field": name,
            "condition": f"{absent}{condition}",
            "message": message,
            "broken": broken,
        }


def _conditions(field: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    name = field["name"]
    match field["type"]:
        case "string" | "text":
            most = length_of(field)
            if field.get("required"):
                yield f'self.{name}.strip() != ""', "must not be blank", '" "'
            yield (
                f"len(self.{name}) <= {whole_literal(most)}",
                f"must have at most {most} characters",
                f'"x" * {whole_literal(most + 1)}',
            )
        case "integer" | "decimal":
            lowest, highest = bounds(field)
            step = Decimal(10) ** -(
                field.get("decimal_places", DECIMAL_PLACES) if field["type"] == "decimal" else 0
            )
            if "minimum" in field:
                low = number_literal(field, lowest)
                yield (
                    f"self.{name} >= {low}",
                    f"must be at least {_said(field, lowest)}",
                    number_literal(field, lowest - step),
                )
            if "maximum" in field:
                high = number_literal(field, highest)
                yield (
                    f"self.{name} <= {high}",
                    f"must be at most {_said(field, highest)}",
                    number_literal(field, highest + step),
                )
        case _:
            return


def _said(field: Mapping[str, Any], value: Decimal) -> str:
    return str(int(value)) if field["type"] == "integer" else decimal_text(field, value)


# A linter finds longer functions hard to read.
_LONGEST_CHECK = 40


def checks(rules: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """The functions that check the rules: one, and with many rules some more that it calls."""
    if len(rules) <= _LONGEST_CHECK:
        return [{"name": "check", "parts": [], "rules": rules}]
    parts = [
        {
            "name": f"_check_part_{start // _LONGEST_CHECK + 1}",
            "parts": [],
            "rules": rules[start : start + _LONGEST_CHECK],
        }
        for start in range(0, len(rules), _LONGEST_CHECK)
    ]
    return [{"name": "check", "parts": [part["name"] for part in parts], "rules": []}, *parts]

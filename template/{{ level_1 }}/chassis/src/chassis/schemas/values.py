"""What a number, a time and a JSON object may be."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from pydantic_core import core_schema, to_json

from chassis.exact import check as check_json

MAX_DOCUMENT_BYTES: Final = 64 * 1024
"""How large the JSON of one field may be."""

LARGEST_WHOLE: Final = 2**53 - 1
"""Up to here JSON numbers are exact, however they are written."""

_WHOLE: Final = re.compile(r"-?(0|[1-9][0-9]{0,18})")
# Python writes what is small as 1E-9, and so do services among themselves.
_DECIMAL: Final = re.compile(r"-?[0-9]{1,60}(\.[0-9]{1,60})?(E-[0-9]{1,2})?")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# PostgreSQL's driver takes the first and the last day that Python knows for infinity, and a time
# zone moves a day by one: the first and the last year are left out.
FIRST: Final = dt.date(2, 1, 1)
LAST: Final = dt.date(9998, 12, 31)
_YEAR: Final = (
    "(000[2-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])"
)
_DAY: Final = _YEAR + "-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
_FRACTION: Final = r"(\.[0-9]{1,6})?"
DATE_PATTERN: Final = f"^{_DAY}$"
TIME_PATTERN: Final = f"^{_DAY}[Tt]{_CLOCK}:[0-5][0-9]{_FRACTION}([Zz]|[+-]{_CLOCK})$"
"""Which dates and times there are, for OpenAPI: ``format`` alone allows more."""

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})",
    re.IGNORECASE,
)


def _refusal(expected: str) -> ValueError:
    return ValueError(f"must {expected}")


def from_text(value: Any) -> Any:
    """Read a parameter that is written as JSON would be; leave anything else to its type."""
    if not isinstance(value, str):
        return value
    if value in {"true", "false"}:
        return value == "true"
    return int(value) if _WHOLE.fullmatch(value) else value


def check_flag(value: Any) -> Any:
    """Refuse what only stands for true or false."""
    if isinstance(value, bool):
        return value
    raise _refusal("be true or false")


def check_whole(value: Any) -> Any:
    """Refuse what only stands for a whole number; in JSON, 2.0 is one."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST_WHOLE:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _refusal("be a whole number")


def digits_of(value: Decimal) -> str:
    """Write a number with all its digits."""
    return format(value, "f")


def exact_decimal(value: Any) -> Any:
    """Read a number without rounding."""
    if isinstance(value, float):
        value = repr(value)  # the shortest text of it: what was sent, if it was exact
    elif isinstance(value, str) and not _DECIMAL.fullmatch(value):
        raise _refusal("be a number such as 12.50")
    elif isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        return value
    return Decimal(value)


def written_out[SchemaT](schema: SchemaT) -> SchemaT:
    """Have decimals written with all their digits: 0.0000001, where Python says 1E-7."""
    if isinstance(schema, dict):
        if schema.get("type") == "decimal":
            schema["serialization"] = _WRITTEN_OUT
        for inner in schema.values():
            written_out(inner)
    elif isinstance(schema, (list, tuple)):
        for inner in schema:
            written_out(inner)
    return schema


_WRITTEN_OUT: Final = core_schema.plain_serializer_function_ser_schema(
    digits_of, return_schema=core_schema.str_schema(), when_used="json"
)


def check_uuid(value: Any) -> Any:
    """Take a UUID only in the form that it comes back in, in letters of either case."""
    if isinstance(value, UUID) or (isinstance(value, str) and _UUID.fullmatch(value)):
        return value
    raise _refusal("be a UUID")


def exact_date(value: Any) -> Any:
    """Take a day only as it is written in ISO 8601."""
    if isinstance(value, str) and not _DATE.fullmatch(value):
        value = None
    if not isinstance(value, (str, dt.date)):
        raise _refusal("be a date such as 2026-01-31")
    day = _day(value) if isinstance(value, str) else value
    return _in_calendar(day, day)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise _refusal("be a date that exists") from error


def exact_time(value: Any) -> Any:
    """Take a point in time only as it is written in RFC 3339."""
    if isinstance(value, str) and not _TIME.fullmatch(value):
        value = None
    if not isinstance(value, (str, dt.datetime)):
        raise _refusal("be a time such as 2026-01-31T12:00:00Z")
    day = _day(value[:10]) if isinstance(value, str) else value.date()
    return _in_calendar(value, day)


def _in_calendar[T](value: T, day: dt.date) -> T:
    if not FIRST <= day <= LAST:
        raise _refusal(f"be from {FIRST} to {LAST}")
    return value


def check_document(value: dict[str, Any]) -> dict[str, Any]:
    """Refuse a JSON object that could not be given back, or is too large."""
    check_json(value)
    if len(to_json(value)) > MAX_DOCUMENT_BYTES:
        raise _refusal(f"have at most {MAX_DOCUMENT_BYTES} bytes as JSON")
    return value


def describe_decimal(described: dict[str, Any], schema: dict[str, Any]) -> None:
    """Say in OpenAPI how a decimal can be written."""
    described["description"] = (
        "A number, if JSON numbers keep all its digits: up to 15 they do. A text keeps them all."
    )
    places = schema.get("decimal_places", 60)
    before = schema.get("max_digits", 60) - schema.get("decimal_places", 0)
    sign = "" if schema.get("ge", -1) >= 0 else "-?"
    fraction = r"(\." + _digits(places) + ")?" if places else ""
    for form in described.get("anyOf", []):
        if form.get("type") == "string":
            form["pattern"] = f"^{sign}{_digits(before)}{fraction}$"


def _digits(most: int) -> str:
    return "[0-9]{1," + str(most) + "}"

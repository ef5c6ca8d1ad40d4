"""What PostgreSQL refuses, told in terms of the fields that were given."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from itertools import chain
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Enum,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Table,
)
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from chassis.problems import Conflict, FieldError, Invalid, ProblemError

NO_ANSWER = "The database does not answer."
NO_CONNECTION = "The database has too much to do."
NO_CONFIRMATION = "The database did not confirm: it may be stored or not."

# By SQLSTATE, of which the first two characters are the class.
_CONNECTION = "08"
_OUTAGES = (_CONNECTION, "53", "57", "40", "55P03")  # resources, operator, deadlock, lock
_DATA = "22"
_STILL_REFERRED_TO = {"23503", "23001"}
_REFUSALS: dict[str, tuple[type[Conflict | Invalid], str]] = {
    "23502": (Invalid, "Must not be null"),
    "23503": (Invalid, "Refers to a record that does not exist"),
    "23505": (Conflict, "Another record already has this"),
    "23514": (Invalid, "Is not allowed"),
    "23P01": (Conflict, "Overlaps with another record"),
}
UNFIT = "Cannot be stored: out of range, too long or not text"
REFERRED_TO = "Other records refer to this one"

_KEY = re.compile(r"Key \((?P<columns>.+?)\)=\(")
_WORD = re.compile(r"\w+")
_DIGITS_BEFORE_POINT, _DIGITS_AFTER_POINT = 131_072, 16_383  # of PostgreSQL's numeric
_names = PGDialect().identifier_preparer  # type: ignore[no-untyped-call]


def is_outage(error: Exception) -> bool:
    """Tell whether the database was away, busy or too slow: the same may work later."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, TimeoutError)
    return error.connection_invalidated or _sqlstate(error).startswith(_OUTAGES)


def is_confirmed(error: Exception) -> bool:
    """Tell whether it is the database that says so; else it may have done what it was asked."""
    state = _sqlstate(error) if isinstance(error, DBAPIError) else ""
    return bool(state) and not state.startswith(_CONNECTION)


@contextmanager
def refusals(
    table: Table,
    values: Mapping[str, Any],
    columns: Mapping[str, Column[Any]],
    *,
    removing: bool = False,
) -> Iterator[None]:
    """Raise what the database refuses as Conflict or Invalid, naming fields and never SQL.

    ``columns`` says which column of ``table`` each of the ``values`` is for.
    """
    # The driver stores 0 instead of complaining about these.
    if huge := [name for name, value in values.items() if _overflows(value)]:
        raise _blame(Invalid, huge, UNFIT)
    try:
        yield
    except DBAPIError as error:
        state = _sqlstate(error)
        if removing and state in _STILL_REFERRED_TO:
            raise Conflict(f"{REFERRED_TO}.") from error
        if state.startswith(_DATA):
            unfit = [name for name, value in values.items() if not _fits(columns[name].type, value)]
            raise _blame(Invalid, unfit, UNFIT) from error
        if state not in _REFUSALS:
            raise
        kind, text = _REFUSALS[state]
        raise _blame(kind, _blamed(error, table), text) from error


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _blame(kind: type[Conflict | Invalid], fields: list[str], text: str) -> ProblemError:
    detail = f"{', '.join(fields)}: {text}." if fields else f"{text}."
    return kind(detail, errors=[FieldError(field, text) for field in fields])


def _blamed(error: DBAPIError, table: Table) -> list[str]:
    """Find the columns that an integrity error is about."""
    cause = getattr(error.orig, "driver_exception", None)
    if column := getattr(cause, "column_name", None):
        return [column]
    if key := _KEY.match(getattr(cause, "detail", None) or ""):
        return _columns_in(key["columns"], table)
    return _columns_in(_condition(getattr(cause, "constraint_name", None), table), table)


def _condition(constraint_name: str | None, table: Table) -> str:
    constraints = chain(table.constraints, *(column.constraints for column in table.columns))
    checks = (known for known in constraints if isinstance(known, CheckConstraint))
    return next((str(check.sqltext) for check in checks if _name(check) == constraint_name), "")


def _name(check: CheckConstraint) -> str | None:
    """Give the name as it is in the database: by the naming convention, and cut if too long."""
    return _names.format_constraint(check)


def _columns_in(text: str, table: Table) -> list[str]:
    words: Iterable[str] = dict.fromkeys(_WORD.findall(text))
    return [word for word in words if word in table.columns]


def _overflows(value: object) -> bool:
    return (
        isinstance(value, Decimal)
        and value.is_finite()
        and value.adjusted() >= _DIGITS_BEFORE_POINT
    )


def _fits(kind: TypeEngine[Any], value: object) -> bool:
    """Tell whether a column can hold a value, as far as that can be told without asking it."""
    match kind, value:
        case Enum(enums=known), str():
            return bool(value in known)
        case String(length=int(length)), str() if len(value) > length:
            return False
        case Integer(), int():
            limit = 2 ** (_bits(kind) - 1)
            return bool(-limit <= value < limit)
        case Numeric(), Decimal():
            return _fits_digits(value, kind.precision, kind.scale or 0)
        case _, datetime() if value.tzinfo:
            return datetime.min.replace(tzinfo=UTC) < value < datetime.max.replace(tzinfo=UTC)
    return _is_text(value)


def _fits_digits(value: Decimal, precision: int | None, scale: int) -> bool:
    if precision is None:
        return not value.is_finite() or value.adjusted() > -_DIGITS_AFTER_POINT
    with localcontext(prec=precision + 2):
        limit = Decimal(10) ** (precision - scale) - Decimal(10) ** -scale / 2  # it rounds
    return value.copy_abs() < limit


def _bits(kind: TypeEngine[Any]) -> int:
    if isinstance(kind, SmallInteger):
        return 16
    return 64 if isinstance(kind, BigInteger) else 32


def _is_text(value: object) -> bool:
    """Tell whether a text, or each text inside JSON, is Unicode without a NUL."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=str)
        text.encode()
    except ValueError:
        return False
    return "\\u0000" not in text

"""Fields that take only what can be kept and given back as it was sent."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Literal, get_origin
from uuid import UUID

from pydantic import AwareDatetime, EmailStr, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from chassis.schemas import texts, values


@dataclass(frozen=True, slots=True)
class Exact:
    """Says so in the type: ``due: Annotated[dt.date, Exact()]``. Nothing is converted or rounded.

    bool, Literal[True], int: only true, false and whole numbers (also 2.0), never a text of them.
    Decimal: a number, or a text of digits; more digits than the field has, or than JSON numbers
    keep, are refused.
    date, AwareDatetime: only texts such as ``2026-01-31`` and ``2026-01-31T12:00:00Z``.
    UUID: only a text with hyphens.
    str: without control characters, and not blank if it has to be there. With ``lines`` it may
    have several of them. A ``unique`` text has one way to be written: no blanks around it, nothing
    invisible, Unicode normal form C.
    EmailStr: one address, kept in lower case so that it is the same for everybody.
    dict: a JSON object of at most 64 KiB.
    """

    unique: bool = False
    lines: bool = False

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Check before the type converts; texts and objects are checked as they are."""
        schema = handler(source)
        # To Python, 0 is False: pydantic takes it for a Literal[False].
        of = bool if source in {Literal[True], Literal[False]} else source
        if of in _BEFORE:
            return core_schema.no_info_before_validator_function(_BEFORE[of], schema)
        check: Callable[[Any], Any]
        if source is str:
            required = bool(schema.get("min_length"))
            check = partial(texts.check, required=required, unique=self.unique, lines=self.lines)
        elif source is EmailStr:
            return core_schema.no_info_wrap_validator_function(texts.check_email, schema)
        elif get_origin(source) is dict:
            check = values.check_document
        else:
            msg = f"Exact() knows no rule for {source!r}"
            raise TypeError(msg)
        return core_schema.no_info_after_validator_function(check, schema)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Say in OpenAPI which forms are taken."""
        described = handler(schema)
        inner: Any = schema.get("schema", {})
        match inner.get("type"):
            case "str":
                described["pattern"] = texts.pattern("minLength" in described, self.lines)
                if self.unique:
                    described["description"] = texts.UNIQUE
            case "date" if handler.mode == "validation":
                described["pattern"] = values.DATE_PATTERN
            case "datetime" if handler.mode == "validation":
                described["pattern"] = values.TIME_PATTERN
            case "decimal" if handler.mode == "validation":
                values.describe_decimal(described, inner)
        return described


_BEFORE: dict[Any, Callable[[Any], Any]] = {
    bool: values.check_flag,
    int: values.check_whole,
    Decimal: values.exact_decimal,
    UUID: values.check_uuid,
    dt.date: values.exact_date,
    AwareDatetime: values.exact_time,
}


class FromText:
    """Says of a parameter that its text is meant as JSON: ``7``, ``true``.

    ``priority: Annotated[TaskPriority | None, FromText()] = None``
    """

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read the text before the type looks at it."""
        return core_schema.no_info_before_validator_function(values.from_text, handler(source))

"""How values are kept: each comes back as it was, and all of that is said here.

A time is kept to the millisecond. A Decimal has up to 34 digits; more are refused, never rounded.
An object of a client may be what MongoDB's drivers take for a reference: it is kept under other names.
"""

import datetime as dt
import math
import re
from decimal import Decimal
from typing import Any
from uuid import UUID

from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, TypeCodec, TypeRegistry
from bson.decimal128 import Decimal128


class _Decimals(TypeCodec):
    """Decimals, which BSON has under another name."""

    @property
    def python_type(self) -> type[Decimal]:
        return Decimal

    @property
    def bson_type(self) -> type[Decimal128]:
        return Decimal128

    def transform_python(self, value: Decimal) -> Decimal128:
        return Decimal128(value)

    def transform_bson(self, value: Decimal128) -> Decimal:
        return value.to_decimal()


CODECS: CodecOptions[dict[str, Any]] = CodecOptions(
    uuid_representation=UuidRepresentation.STANDARD,
    tz_aware=True,
    type_registry=TypeRegistry([_Decimals()]),
)

NO_VALUE = "There is a value of a type that nothing here has."

_REFERENCE = re.compile(r"\\*\$ref")


def disguised(value: Any) -> Any:
    """Give a value as it is kept: no name in it is that by which drivers know a reference."""
    match value:
        case dict():
            return {_longer(name): disguised(inner) for name, inner in value.items()}
        case list():
            return [disguised(inner) for inner in value]
    return value


def revealed(value: Any) -> Any:
    """Give a value that is kept as it came; raises ValueError for one that did not come from here.

    Whoever writes to MongoDB by other ways may have put there what no answer can hold.
    """
    match value:
        case dict():
            return {_shorter(name): revealed(inner) for name, inner in value.items()}
        case list():
            return [revealed(inner) for inner in value]
        case float() if not math.isfinite(value):
            raise ValueError(NO_VALUE)
        case None | bool() | int() | float() | str() | Decimal() | dt.datetime() | UUID():
            return value
    raise ValueError(NO_VALUE)


def _longer(name: str) -> str:
    return f"\\{name}" if _REFERENCE.fullmatch(name) else name


def _shorter(name: str) -> str:
    return name[1:] if name.startswith("\\") and _REFERENCE.fullmatch(name) else name

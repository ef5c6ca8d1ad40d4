"""What was probably meant by a value that is wrong, and why it is not what it looks like."""

import datetime as dt
import difflib
import re
from collections.abc import Iterable, Sequence

# What people call a type, beside the names that are there.
SYNONYMS = {
    "str": "string",
    "varchar": "string",
    "char": "string",
    "int": "integer",
    "bigint": "integer",
    "number": "integer",
    "float": "decimal",
    "double": "decimal",
    "money": "decimal",
    "numeric": "decimal",
    "bool": "boolean",
    "timestamp": "datetime",
    "time": "datetime",
    "guid": "uuid",
    "choice": "enum",
    "dict": "json",
    "object": "json",
    "foreign_key": "reference",
    "relation": "reference",
}

NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?")


def did_you_mean(given: object, known: Iterable[object]) -> str:
    """`; did you mean 'task'?`, where something known is close."""
    names = {str(name).lower(): str(name) for name in known}
    close = difflib.get_close_matches(str(given).lower(), names, n=1)
    return f"; did you mean {names[close[0]]!r}?" if close else ""


def proposal(value: object, allowed: Sequence[object]) -> str:
    """What was probably meant by a value that is none of those allowed."""
    meant = SYNONYMS.get(str(value).lower())
    return f"; did you mean {meant!r}?" if meant in allowed else did_you_mean(value, allowed)


def as_yaml_reads_it(kinds: object, value: object) -> str:
    """Why a value is not of the type that it looks like in the file."""
    if value is None:
        return "; YAML reads an empty value, ~ and null as nothing"
    match kinds:
        case "string":
            return _unquoted(value)
        case "integer" | "number" if isinstance(value, str) and NUMBER.fullmatch(value):
            return "; write it without quotes"
        case "array" if isinstance(value, str):
            start = _start(value)
            return f"; write one entry a line, `- {start}`, or in brackets, `[{start}]`"
        case _:
            return ""


def _unquoted(value: object) -> str:
    """Why a text without quotes is something else."""
    match value:
        case False:
            return "; YAML reads NO, no, off and false as false: put it in quotes"
        case True:
            return "; YAML reads YES, yes, on and true as true: put it in quotes"
        case int() | float():
            return f"; put it in quotes: {str(value)!r}"
        case dt.date():
            return f"; YAML reads it as a date: put it in quotes, {value.isoformat()!r}"
        case _:
            return ""


def _start(text: str) -> str:
    """A text as an example, if it is short and simple enough to be one."""
    return text if re.fullmatch(r"[\w ]{1,20}", text) else "..."

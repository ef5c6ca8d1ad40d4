"""A generated Python module: imports first, then the code, lines that fit."""

import re
from collections.abc import Sequence

from .imports import IMPORT, import_block, is_used
from .lines import laid_out

# What a generated module may use without importing it itself: the fields decide.
AUTOMATIC_IMPORTS = {
    "dt": "import datetime as dt",
    "Decimal": "from decimal import Decimal",
    "Annotated": "from typing import Annotated",
    "Any": "from typing import Any",
    "Literal": "from typing import Literal",
    "UUID": "from uuid import UUID",
    "Field": "from pydantic import Field",
    "AwareDatetime": "from pydantic import AwareDatetime",
    "EmailStr": "from pydantic import EmailStr",
    "Exact": "from chassis.schemas import Exact",
    "FromText": "from chassis.schemas import FromText",
    "Url": "from chassis.schemas import Url",
    "NotNull": "from chassis.schemas import NotNull",
    "JSONB": "from sqlalchemy.dialects.postgresql import JSONB",
}


def python(source: str) -> str:
    """Lay out a module as ruff would: imports merged and sorted, long lines split at brackets.

    The templates write one import a line at the top, in any order, and statements of any
    length. An import that the entity at hand does not need is dropped; names of
    AUTOMATIC_IMPORTS need no import at all.
    """
    lines = source.strip("\n").split("\n")
    start = next((i for i, line in enumerate(lines) if IMPORT.match(line)), None)
    head, body = lines, []
    if start is not None:
        head = lines[:start]
        body = [line for line in lines[start:] if not IMPORT.match(line)]
    else:
        cut = _after_docstring(lines)
        head, body = lines[:cut], lines[cut:]
    # A loop that had nothing to go through leaves a pair of brackets behind.
    rest = "\n".join(body).strip("\n").replace("= [\n]", "= []")
    code = _code(rest)
    # What a module exports is named by texts.
    using = rest if "__all__" in code else code
    imports = [line for line in lines if IMPORT.match(line) and is_used(line, using)]
    needed = [line for name, line in AUTOMATIC_IMPORTS.items() if re.search(rf"\b{name}\b", code)]
    block = import_block([*imports, *needed])
    parts = ["\n".join(head).strip("\n"), block, "\n".join(laid_out(rest.split("\n")))]
    sections = [part for part in parts if part.strip()]
    gap = "\n\n\n" if re.match(r"(@|class |def |async def )", rest) else "\n\n"
    if len(sections) == 3 or (block and rest):
        text = "\n\n".join(sections[:-1]) + gap + sections[-1]
    else:
        text = "\n\n".join(sections)
    return text + "\n"


def _after_docstring(lines: Sequence[str]) -> int:
    if not lines or not lines[0].startswith('"""'):
        return 0
    if lines[0].count('"""') == 2:
        return 1
    return next(i for i, line in enumerate(lines[1:], 1) if line.endswith('"""')) + 1


# A text with what makes a template of it: there, names are code.
STRINGS = re.compile(
    r'(?P<template>\bf)?(?:"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"' + "|" + r"'(?:[^'\\\n]|\\.)*')"
)


def _code(text: str) -> str:
    """The text without its string literals, so that words in them do not ask for imports."""
    return STRINGS.sub(lambda found: found[0] if found["template"] else '""', text)

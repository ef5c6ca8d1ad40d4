"""Imports, merged and sorted as ruff does."""

import functools
import itertools
import re
import sys
from collections.abc import Iterable
from typing import Any

from .lines import LINE_LENGTH

FIRST_PARTY = re.compile(r"^(chassis(_[a-z0-9_]+)?|shared|tools|[a-z0-9_]+_(api|worker|bot))$")
IMPORT = re.compile(
    r"^(?:import (?P<whole>[\w.]+)(?: as (?P<alias>\w+))?"
    r"|from (?P<module>[\w.]+) import (?P<names>.+))$"
)


def is_used(line: str, code: str) -> bool:
    """Tell whether a template's import is needed: some depend on the fields of an entity."""
    found = IMPORT.match(line)
    names = found and (found["alias"] or found["whole"] or found["names"])
    return bool(names) and re.search(rf"\b{names}\b", code) is not None


def import_block(lines: Iterable[str]) -> str:
    """Merge and sort imports: standard library, third party, first party."""
    whole: set[tuple[str, str]] = set()
    names: dict[str, set[str]] = {}
    for line in lines:
        found = IMPORT.match(line)
        if found is None:
            continue
        if found["whole"]:
            whole.add((found["whole"], found["alias"] or ""))
        else:
            names.setdefault(found["module"], set()).update(
                name.strip() for name in found["names"].split(",")
            )
    sections = []
    for section in range(3):
        plain = [
            f"import {module} as {alias}" if alias else f"import {module}"
            for module, alias in sorted(whole, key=lambda item: _natural(item[0]))
            if _section(module) == section
        ]
        froms = [
            _import_line(module, names[module])
            for module in sorted(names, key=_natural)
            if _section(module) == section
        ]
        if plain or froms:
            sections.append("\n".join([*plain, *froms]))
    return "\n\n".join(sections)


def _section(module: str) -> int:
    root = module.split(".", maxsplit=1)[0]
    if root in sys.stdlib_module_names:
        return 0
    return 2 if FIRST_PARTY.match(root) else 1


def _compared(left: str, right: str) -> int:
    """Compare as ruff's isort does: `item2` < `item10`; a number that begins with 0 as if text."""
    pairs = itertools.zip_longest(
        *(re.findall(r"\d+|\D", name) for name in (left, right)), fillvalue=""
    )
    for one, other in pairs:
        numbers = one.isdigit() and other.isdigit() and "0" not in (one[0], other[0])
        before, after = (
            ((len(one), one), (len(other), other)) if numbers else ((0, one), (0, other))
        )
        if before != after:
            return -1 if before < after else 1
    return 0


# Sort key of a name.
_natural = functools.cmp_to_key(_compared)


def _member_order(name: str) -> tuple[int, Any]:
    bare = name.split(" as ", maxsplit=1)[0]
    if len(bare) > 1 and bare.isupper():
        return 0, _natural(bare)
    return (1 if bare[0].isupper() else 2), _natural(bare)


def as_members(names: Iterable[str]) -> list[str]:
    """Sort what a module exports, as ruff sorts imports and `__all__`: `Q1` counts as a constant."""
    return sorted(names, key=_member_order)


def _import_line(module: str, names: Iterable[str]) -> str:
    members = as_members(names)
    line = f"from {module} import {', '.join(members)}"
    if len(line) <= LINE_LENGTH:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in members), ")"])

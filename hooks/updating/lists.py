"""Lists that grew on both sides: imports, names, routers, functions one after the other.

To git it is a conflict when two people put something in the same place. Here both are wanted, and
the order matters only where tools sort it.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# What git writes around a conflict with `--diff3`: mine, what was there before, and theirs.
REGION = re.compile(
    rb"^<{7} (?P<mine_label>.*)\n(?P<mine>(?s:.)*?)^\|{7} .*\n(?P<old>(?s:.)*?)"
    rb"^={7}\r?\n(?P<new>(?s:.)*?)^>{7} (?P<new_label>.*)\n",
    re.MULTILINE,
)
NAME_IN_A_LIST = re.compile(rb'\s*"\w+",\s*')
WIDTH = 100

Lines = list[bytes]


@dataclass(frozen=True)
class Grown:
    """A text with the lines of both, and those that somebody has to put in by hand."""

    text: bytes
    by_hand: tuple[str, ...]
    # Lines that became one with others: mine, theirs, and what stands for both.
    joined: tuple[tuple[bytes, bytes, bytes], ...]

    def as_joined(self, mine: bytes, new: bytes) -> tuple[bytes, bytes]:
        """Both sides, as if each had written the joined lines itself."""
        for from_mine, from_new, both in self.joined:
            mine, new = mine.replace(from_mine, both, 1), new.replace(from_new, both, 1)
        return mine, new


def grown(text: bytes) -> Grown:
    """Take both sides wherever each only added to a list; leave the other conflicts marked."""
    by_hand: list[str] = []
    joined: list[tuple[bytes, bytes, bytes]] = []

    def both(region: re.Match[bytes]) -> bytes:
        mine, old, new = region["mine"], region["old"], region["new"]
        if (imports := _imports(mine, old, new)) is not None:
            joined.append((mine, new, imports))
            return imports
        if (lines := _interleaved(mine, old, new)) is not None:
            return lines
        by_hand.extend(missing_from(old, new))
        return b"".join(
            (
                b"<<<<<<< %b\n" % region["mine_label"],
                mine,
                b"=======\n",
                new,
                b">>>>>>> %b\n" % region["new_label"],
            )
        )

    merged = REGION.sub(both, text)
    return Grown(merged, tuple(by_hand), tuple(joined))


def missing_from(old: bytes, new: bytes) -> tuple[str, ...]:
    """The lines that are new, blank ones left out."""
    lines, there = new.splitlines(), old.splitlines()
    changes = SequenceMatcher(a=there, b=lines, autojunk=False).get_opcodes()
    added = [
        line for tag, _, _, start, end in changes if tag != "equal" for line in lines[start:end]
    ]
    return tuple(line.decode(errors="replace") for line in added if line.strip())


def _interleaved(mine: bytes, old: bytes, new: bytes) -> bytes | None:
    """Both, if each only added lines: first what its owner has, then what is new."""
    around = old.splitlines(keepends=True)
    from_mine, from_new = _added(around, mine), _added(around, new)
    if from_mine is None or from_new is None:
        return None
    lines: Lines = []
    for place, line in enumerate([*around, b""]):
        lines += [*_sorted([*from_mine[place], *from_new[place]]), line]
    return b"".join(lines)


def _added(old: Lines, text: bytes) -> list[Lines] | None:
    """By place among the old lines, what was put there; nothing if a line is gone or changed."""
    lines, gaps = text.splitlines(keepends=True), [Lines() for _ in range(len(old) + 1)]
    for tag, place, _, start, end in SequenceMatcher(a=old, b=lines, autojunk=False).get_opcodes():
        if tag in {"replace", "delete"}:
            return None
        if tag == "insert":
            gaps[place] = lines[start:end]
    return gaps


def _sorted(lines: Lines) -> Lines:
    """Names in a list stand in the order of the alphabet, as formatters want them."""
    return sorted(lines) if all(map(NAME_IN_A_LIST.fullmatch, lines)) else lines


def _imports(mine: bytes, old: bytes, new: bytes) -> bytes | None:
    """The imports of both sides, if there is nothing but imports."""
    sides = [_imported(text) for text in (mine, old, new)]
    if any(side is None for side in sides) or not sides[0] or not sides[2]:
        return None
    ours, before, theirs = (side or {} for side in sides)
    names = {module: set(imported) for module, imported in ours.items()}
    for module, imported in theirs.items():
        names.setdefault(module, set()).update(imported - before.get(module, set()))
    return b"".join(
        _statement(module, sorted(names[module], key=_rank)).encode()
        for module in sorted(names)
        if names[module]
    )


def _imported(text: bytes) -> dict[str, set[str]] | None:
    """By module the names that are imported; nothing if it is more than plain imports of names."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    found: dict[str, set[str]] = {}
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom) or not node.module or node.level:
            return None
        if any(alias.asname or alias.name == "*" for alias in node.names):
            return None
        found.setdefault(node.module, set()).update(alias.name for alias in node.names)
    return None if b"#" in text or b"\r" in text else found


def _rank(name: str) -> tuple[int, str]:
    """Constants first, then classes, then all else, as import sorters have it."""
    if name.isupper() and len(name) > 1:
        return 0, name
    return (1, name) if name[:1].isupper() else (2, name)


def _statement(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}\n"
    return line if len(line) <= WIDTH + 1 else "".join(_lines(module, names))


def _lines(module: str, names: Sequence[str]) -> Iterator[str]:
    yield f"from {module} import (\n"
    yield from (f"    {name},\n" for name in names)
    yield ")\n"

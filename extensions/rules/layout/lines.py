"""Long lines, split as ruff does."""

import io
import itertools
import re
import tokenize
import unicodedata
from collections.abc import Iterable, Iterator

LINE_LENGTH = 100
# A field of a class, whose type and default have no brackets to split at.
FIELD = re.compile(
    r"( +)(\w+): (\w+(?: \| \w+)*) = (None|-?[\w.]+|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')$"
)
# An argument that is a condition; what our templates write there has no brackets before the `or`.
CHOICE = re.compile(r"(?P<indent> +)(?P<first>\w+=[^\s(\[{\"]+ is None) or (?P<second>.+,)$")
SINGLE_QUOTED = re.compile(r"'(?:[^'\\\n]|\\.)*'")


def laid_out(lines: Iterable[str]) -> Iterator[str]:
    """Split what is too long; texts over several lines stay as they are."""
    quoted = False
    for line in lines:
        if quoted or _width(line) <= LINE_LENGTH:
            yield line
        else:
            yield from _split(line)
        # A text in single quotes may have any number of double ones.
        marks = line if quoted else SINGLE_QUOTED.sub("", line)
        if marks.count('"""') % 2:
            quoted = not quoted


def _width(line: str) -> int:
    """Columns of a line; East Asian wide characters take two, as ruff counts them."""
    if line.isascii():
        return len(line)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def _wrapped_field(line: str, of: re.Match[str]) -> Iterator[str]:
    """Put the default of a field into brackets, or its type where that is what is long."""
    indent, name, kind, default = of.groups()
    inner = f"{indent}    {default}"
    if default == "None":
        yield from (f"{indent}{name}: (", f"{indent}    {kind}", f"{indent}) = None")
    elif _width(inner) <= LINE_LENGTH:
        yield from (f"{indent}{name}: {kind} = (", inner, f"{indent})")
    else:
        yield line


def _split(line: str) -> Iterator[str]:
    """Split an argument at its `or`, a field at its type or default, other lines at a bracket.

    It is the last outermost bracket, and what was in it stands one item a line, with a comma.
    """
    if choice := CHOICE.match(line):
        yield f"{choice['indent']}{choice['first']}"
        yield from laid_out([f"{choice['indent']}or {choice['second']}"])
        return
    if of := FIELD.match(line):
        yield from _wrapped_field(line, of)
        return
    groups = _bracket_groups(line)
    if not groups:
        yield line
        return
    # A function is split at its parameters, everything else where the formatter prefers it: last.
    is_function = re.match(r"\s*(async )?def ", line)
    start, end, commas = groups[0] if is_function else groups[-1]
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    edges = [start, *commas, end]
    yield line[: start + 1]
    for left, right in itertools.pairwise(edges):
        item = line[left + 1 : right].strip()
        if item:
            yield from laid_out([f"{indent}{item},"])
    yield f"{indent[:-4]}{line[end:]}"


def _bracket_groups(line: str) -> list[tuple[int, int, list[int]]]:
    """Find the outermost bracket pairs and the commas directly inside each (columns)."""
    depth, start = 0, 0
    commas: list[int] = []
    groups: list[tuple[int, int, list[int]]] = []
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(line.strip()).readline))
    except tokenize.TokenError:
        return []
    shift = len(line) - len(line.lstrip())
    for token in tokens:
        if token.type != tokenize.OP:
            continue
        column = token.start[1] + shift
        if token.string in "([{":
            if depth == 0:
                start, commas = column, []
            depth += 1
        elif token.string in ")]}":
            depth -= 1
            if depth == 0:
                groups.append((start, column, commas))
        elif token.string == "," and depth == 1:
            commas.append(column)
    return groups

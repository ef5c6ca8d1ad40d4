"""On which line of an answers file an answer stands."""

import functools
import re
from collections.abc import Callable, Container
from pathlib import Path

import yaml

from ferrata.answers.reading import Loader, text_of

Line = Callable[[str], int | None]
PART = re.compile(r"[^.\[\]]+")


def nowhere(_path: str) -> None:
    """The line of what is in no file."""


def lines_of(file: Path, besides: Container[str] = ()) -> Line:
    """A function from the path of an answer to its line; that of what is around a missing one.

    What is given `besides` the file stands nowhere in it.
    """
    root = functools.cache(lambda: _composed(file))

    def line_of(path: str) -> int | None:
        parts = PART.findall(path)
        return None if parts[0] in besides else _line(root(), parts)

    return line_of


def _composed(file: Path) -> yaml.Node | None:
    try:
        return yaml.compose(text_of(file), Loader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _line(root: yaml.Node | None, parts: list[str]) -> int | None:
    """Follow the path as far as it goes; what is missing at the top stands nowhere."""
    line, node = None, root
    for part in parts:
        found = _inside(node, part)
        if found is None:
            break
        key, node = found
        line = key.start_mark.line + 1
    return line


def _inside(node: yaml.Node | None, part: str) -> tuple[yaml.Node, yaml.Node] | None:
    """The node of a part, after the one that names it."""
    match node:
        case yaml.MappingNode():
            own = [pair for pair in node.value if pair[0].value == part]
            return own[-1] if own else _merged(node, part)
        case yaml.SequenceNode() if part.isdecimal() and int(part) < len(node.value):
            return node.value[int(part)], node.value[int(part)]
        case _:
            return None


def _merged(node: yaml.MappingNode, part: str) -> tuple[yaml.Node, yaml.Node] | None:
    """What a merge key brings."""
    for key, value in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
            for source in sources:
                if found := _inside(source, part):
                    return found
    return None

"""Which files the answers give, and where they stand."""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

from jinja2 import Environment

SUFFIX = ".jinja"
# copier.yml says the same to Copier; tests/template/test_ownership.py compares them.
EXCLUDED = (
    ".git",
    "__pycache__",
    "*.pyc",
    ".DS_Store",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
)

LOOP = re.compile(
    r"^(?P<before>.*)\{%-?\s*yield\s+(?P<name>\w+)\s+from\s+(?P<items>.+?)\s*-?%\}"
    r"(?P<body>.*)\{%-?\s*endyield\s*-?%\}(?P<after>.*)$"
)


def expanded(
    environment: Environment, variables: Mapping[str, Any], sources: Iterable[str]
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Map every path of the project to its source and the variables of the loops around it.

    Sources are paths below template/, as Copier finds them.
    """
    known = set(sources)
    paths = _Paths(environment, variables)
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for source in sorted(known):
        # `name` beside `name.jinja` is not used; the rendered one takes its place.
        if f"{source}{SUFFIX}" in known:
            continue
        parts = PurePosixPath(source.removesuffix(SUFFIX)).parts
        for path, loop in paths.expanded(parts, (), {}):
            if not any(map(_excluded, path)):
                found["/".join(path)] = (source, loop)
    return dict(sorted(found.items()))


@functools.cache
def _excluded(part: str) -> bool:
    return any(fnmatch(part, pattern) for pattern in EXCLUDED)


class _Paths:
    """Expands paths; a folder that is part of many is compiled once."""

    def __init__(self, environment: Environment, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._template = functools.cache(environment.from_string)
        self._expression = functools.cache(environment.compile_expression)

    def expanded(
        self, parts: tuple[str, ...], done: tuple[str, ...], loop: dict[str, Any]
    ) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
        """Render a path: an empty part drops it, `.` adds nothing, a loop multiplies it."""
        if not parts:
            yield done, loop
            return
        for name, inner in self._part(parts[0], loop):
            if name:
                following = done if name == "." else (*done, name)
                yield from self.expanded(parts[1:], following, inner)

    def _part(self, part: str, loop: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        if "{" not in part:
            yield part, loop
            return
        known = {**self._variables, **loop}
        found = LOOP.match(part)
        if found is None:
            yield self._template(part).render(known), loop
            return
        body = self._template(found["before"] + found["body"] + found["after"])
        for item in self._expression(found["items"])(**known) or ():
            inner = {**loop, found["name"]: item}
            yield body.render({**known, **inner}), inner

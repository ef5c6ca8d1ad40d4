"""Which files a template gives for some answers: its paths expanded, its content untouched."""

import functools
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

from jinja2 import Environment

from ferrata.context import configuration
from ferrata.processes import git
from ferrata.template import Template

LOOP = re.compile(
    r"^(?P<before>.*)\{%-?\s*yield\s+(?P<name>\w+)\s+from\s+(?P<items>.+?)\s*-?%\}"
    r"(?P<body>.*)\{%-?\s*endyield\s*-?%\}(?P<after>.*)$"
)


def project_files(
    template: Template, jinja: Environment, variables: Mapping[str, Any]
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Map every path of the project to its source and the variables of the loops around it."""
    settings, _ = configuration(template.tree)
    suffix, top = settings["templates_suffix"], settings["subdirectory"]
    sources = git("ls-files", "-z", "--", top, at=template.tree).rstrip("\0").split("\0")
    paths = _Paths(jinja, variables)
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for source in sources:
        # `name` beside `name.jinja` is not used; the rendered one takes its place.
        if f"{source}{suffix}" in sources:
            continue
        parts = PurePosixPath(source.removesuffix(suffix)).relative_to(top).parts
        for path, loop in paths.expanded(parts, (), {}):
            if not _excluded(path, settings["exclude"]):
                found["/".join(path)] = (source, loop)
    return dict(sorted(found.items()))


class _Paths:
    """Expands paths; a folder that is part of many is compiled once."""

    def __init__(self, jinja: Environment, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._template = functools.cache(jinja.from_string)
        self._expression = jinja.compile_expression

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


def _excluded(path: tuple[str, ...], patterns: list[str]) -> bool:
    return any(fnmatch(part, pattern) for part in path for pattern in patterns)

"""Which files a template gives for some answers: its paths expanded, its content untouched."""

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
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for source in sources:
        # `name` beside `name.jinja` is not used; the rendered one takes its place.
        if f"{source}{suffix}" in sources:
            continue
        parts = PurePosixPath(source.removesuffix(suffix)).relative_to(top).parts
        for path, loop in _expanded(jinja, parts, (), {}, variables):
            if not _excluded(path, settings["exclude"]):
                found["/".join(path)] = (source, loop)
    return dict(sorted(found.items()))


def _expanded(
    jinja: Environment,
    parts: tuple[str, ...],
    done: tuple[str, ...],
    loop: dict[str, Any],
    variables: Mapping[str, Any],
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Render a path part by part; an empty part drops it, `.` adds nothing, a loop multiplies it."""
    if not parts:
        yield done, loop
        return
    for name, inner in _part(jinja, parts[0], loop, variables):
        if name:
            following = done if name == "." else (*done, name)
            yield from _expanded(jinja, parts[1:], following, inner, variables)


def _part(
    jinja: Environment, part: str, loop: dict[str, Any], variables: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    if "{" not in part:
        yield part, loop
        return
    known = {**variables, **loop}
    found = LOOP.match(part)
    if found is None:
        yield jinja.from_string(part).render(known), loop
        return
    body = jinja.from_string(found["before"] + found["body"] + found["after"])
    for item in jinja.compile_expression(found["items"])(**known):
        inner = {**loop, found["name"]: item}
        yield body.render({**known, **inner}), inner


def _excluded(path: tuple[str, ...], patterns: list[str]) -> bool:
    return any(fnmatch(part, pattern) for part in path for pattern in patterns)

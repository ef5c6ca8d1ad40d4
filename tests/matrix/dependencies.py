"""Every package that a workspace member imports is among its dependencies."""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

from tests.matrix.renderer import Rendered

IMPORT = re.compile(r"^[ \t]*(?:import|from)[ \t]+(\w+)(?:\.| |$)", re.MULTILINE)
STRINGS = re.compile(r'"""[\s\S]*?"""')
REQUIREMENT = re.compile(r"([\w.-]+)(?:\[([\w,. -]+)\])?")
# Packages that come with another one, or whose distribution has quite another name.
BROUGHT_BY = {
    "PIL": "pillow",
    "aiormq": "aio_pika",
    "multidict": "aiohttp",
    "pydantic_core": "pydantic",
    "starlette": "fastapi",
    "uvloop": "uvicorn",
    "yarl": "aiohttp",
}
# Only tests load it, and they have what the project is developed with.
TESTING = "/testing/"
SERVICES = "services/"


def imported(content: bytes) -> frozenset[str]:
    """The top-level packages that a module imports, the standard library left out."""
    code = STRINGS.sub("", content.decode("utf-8", "replace"))
    return frozenset(IMPORT.findall(code)) - sys.stdlib_module_names


def undeclared(
    rendered: Rendered, imports: Mapping[str, frozenset[str]]
) -> Iterator[tuple[str, str]]:
    """Say which file imports what its package does not depend on, directly or by another member."""
    members = {
        member.name: (PurePosixPath(path).parent.as_posix(), member)
        for path in rendered.files
        if path.endswith("/pyproject.toml")
        for member in [_member(rendered.text(path))]
    }
    development = _member(rendered.text("pyproject.toml")).development
    for name, (folder, _) in members.items():
        every_extra = not folder.startswith(SERVICES)
        known_members = {key: member for key, (_, member) in members.items()}
        names = _closure(name, known_members, every_extra=every_extra)
        for path, packages in imports.items():
            if not path.startswith(f"{folder}/src/"):
                continue
            own = path.removeprefix(f"{folder}/src/").split("/")[0]
            known = names | development if TESTING in path else names
            for package in sorted(packages - {own}):
                if not _declared(package, known):
                    yield path, f"imports {package}, which {folder}/pyproject.toml does not bring"


@dataclass(frozen=True)
class Member:
    """A package of the workspace and what it depends on, by extra; the first has none."""

    name: str
    wanted: Mapping[str, Sequence[tuple[str, tuple[str, ...]]]]
    development: frozenset[str]


@cache
def _member(text: str) -> Member:
    document = tomllib.loads(text)
    project = document["project"]
    extras = {"": project.get("dependencies", []), **project.get("optional-dependencies", {})}
    groups = document.get("dependency-groups", {})
    return Member(
        _plain(project["name"]),
        {extra: [_requirement(text) for text in wanted] for extra, wanted in extras.items()},
        frozenset(_requirement(text)[0] for group in groups.values() for text in group),
    )


def _requirement(text: str) -> tuple[str, tuple[str, ...]]:
    """The distribution that is required, and its extras."""
    found = REQUIREMENT.match(text)
    assert found, text
    return _plain(found[1]), tuple((found[2] or "").replace(" ", "").split(","))


def _plain(name: str) -> str:
    return name.replace("-", "_").replace(".", "_").lower()


def _closure(name: str, members: Mapping[str, Member], *, every_extra: bool) -> frozenset[str]:
    """Every distribution that a member brings, through other members too.

    With `every_extra` those that it brings in a service that asks for the extras: a part of a
    library is for data services, say, and is only loaded there.
    """
    found: set[str] = set()
    # A part of a package may need an extra of it; who uses that part asks for the extra.
    ahead = [(name, extra) for extra in members[name].wanted]
    seen: set[tuple[str, str]] = set()
    while ahead:
        of, extra = ahead.pop()
        if (of, extra) in seen:
            continue
        seen.add((of, extra))
        for wanted, extras in members[of].wanted.get(extra, ()):
            found.add(wanted)
            if wanted in members:
                asked = members[wanted].wanted if every_extra else ("", *extras)
                ahead += [(wanted, each) for each in asked]
    return frozenset(found)


def _declared(package: str, names: frozenset[str]) -> bool:
    """Tell whether a distribution of about this name is there (`jwt` is in `pyjwt`)."""
    wanted = BROUGHT_BY.get(package, package).lower()
    return any(wanted in name for name in names)

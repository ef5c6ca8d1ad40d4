"""Every member of the workspace declares what it imports itself, and nothing else.

What the code of a service loads, through other members too, is there when the service is installed
by itself, as an image has it. Tests and tools have what the project is developed with.
"""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from tests.matrix import compose
from tests.matrix.renderer import Rendered
from tests.matrix.syntax import Code

REQUIREMENT = re.compile(r"([\w.-]+)(?:\[([\w,. -]+)\])?")
# The distribution that brings a package of another name, or a part of one that several bring.
BROUGHT_BY = {
    "PIL": "pillow",
    "bson": "pymongo",
    "docker": "testcontainers",
    "importlinter": "import_linter",
    "dotenv": "python_dotenv",
    "jwt": "pyjwt",
    "opentelemetry": "opentelemetry_api",
    "opentelemetry.exporter": "opentelemetry_exporter_otlp_proto_http",
    "opentelemetry.proto": "opentelemetry_proto",
    "opentelemetry.sdk": "opentelemetry_sdk",
    "pydantic_core": "pydantic",
    "secantus": "secantusdb",
    "starlette": "fastapi",
    "yaml": "pyyaml",
}
# What works only with an extra of its distribution.
NEEDS_EXTRA = {
    "faststream.rabbit": ("faststream", "rabbit"),
    "pydantic.EmailStr": ("pydantic", "email"),
    "sqlalchemy.ext.asyncio": ("sqlalchemy", "asyncio"),
}
# What only mypy reads, beside the distribution that it is about.
STUBS = {"types_pyyaml": "pyyaml", "types_zxcvbn": "zxcvbn"}
# Programs of another name than their distribution, and options that bring a plugin.
PROGRAMS = {"lint-imports": "import_linter", "squawk": "squawk_cli", "--cov": "pytest_cov"}
# A program of the development group that a test or a gate runs, by the folder of what runs it.
RUN = {
    "tests/": re.compile(r'with_name\("([\w-]+)"\)'),
    "tools/check/figures/": re.compile(r'\b(?:run|written)\("([\w-]+)"'),
}
# The packages of the project that are no members.
OWN = frozenset({"tests", "tools"})
# Who imports it has what the project is developed with.
DEVELOPMENT = re.compile(
    r"(?:tools|tests|(?:chassis|shared|modules/\w+|services/\w+)/tests"
    r"|(?:chassis|modules/\w+)/src/\w+/testing)/"
)
SERVICES = "services/"
ROOT = "pyproject.toml"

Found = Iterator[tuple[str, str]]
# A distribution that is required, and its extras.
Requirement = tuple[str, tuple[str, ...]]


def misdeclared(rendered: Rendered, codes: Mapping[str, Code]) -> Found:
    """Say what is imported and not declared, declared and not used, or missing in an image."""
    members = _members(rendered)
    programs = list(compose.programs(rendered))
    for member in members.values():
        yield from _of_member(member, codes, {name for _, name in programs})
    yield from _of_development(rendered, members, codes)
    for name, member in members.items():
        if member.folder.startswith(SERVICES):
            own = {program for service, program in programs if _plain(service) == name}
            yield from _of_image(member, members, codes, own)


@dataclass(frozen=True)
class Member:
    """A package of the workspace and what it depends on, by extra; the first has none."""

    name: str
    folder: str
    wanted: Mapping[str, Sequence[Requirement]]

    @property
    def declared(self) -> frozenset[str]:
        """Every distribution that it asks for, for a part of it too."""
        return frozenset(name for wanted in self.wanted.values() for name, _ in wanted)

    def has(self, path: str) -> bool:
        """Tell whether a file is its code, and not its tests."""
        return path.startswith(f"{self.folder}/") and not DEVELOPMENT.match(path)


def _members(rendered: Rendered) -> dict[str, Member]:
    found = (
        _member(PurePosixPath(path).parent.as_posix(), rendered.text(path))
        for path in rendered.files
        if path.endswith(f"/{ROOT}")
    )
    return {member.name: member for member in found}


@cache
def _member(folder: str, text: str) -> Member:
    project = tomllib.loads(text)["project"]
    extras = {"": project.get("dependencies", []), **project.get("optional-dependencies", {})}
    wanted = {extra: [_requirement(text) for text in listed] for extra, listed in extras.items()}
    return Member(_plain(project["name"]), folder, wanted)


def _of_member(member: Member, codes: Mapping[str, Code], programs: set[str]) -> Found:
    """What a member imports itself it declares itself; what it declares it uses."""
    place = f"{member.folder}/{ROOT}"
    extras = {
        (name, extra) for wanted in member.wanted.values() for name, of in wanted for extra in of
    }
    used = set(map(_plain, programs))
    for path, code in codes.items():
        if not member.has(path):
            continue
        for package in sorted(_packages(code.imports | code.loaded) - {member.name}):
            used.add(_distribution(package))
            if _distribution(package) not in member.declared:
                yield path, f"imports {package}, which {place} does not declare"
        for name, extra in sorted(set(_extras(code.imports)) - extras):
            yield path, f"needs {name}[{extra}], which {place} does not declare"
    for name in sorted(member.declared - used):
        yield place, f"declares {name}, which nothing in {member.folder} uses"


def _of_development(
    rendered: Rendered, members: Mapping[str, Member], codes: Mapping[str, Code]
) -> Found:
    """Tests and tools have what the members have, and the development group; they use all of it."""
    group = _development(rendered.text(ROOT))
    known = group | members.keys() | OWN
    known |= {name for member in members.values() for name in member.declared}
    used: set[str] = set()
    for path, code in codes.items():
        if any(member.has(path) for member in members.values()):
            continue
        for package in sorted(_packages(code.imports)):
            used.add(_distribution(package))
            if _distribution(package) not in known:
                yield path, f"imports {package}, which nothing declares"
    for path, program, brought_by in _programs(rendered, codes):
        used.add(brought_by)
        if brought_by not in group:
            yield path, f"runs {program}, which the development group does not have ({brought_by})"
    read = used | {name for member in members.values() for name in member.declared}
    stubs = {stubs for stubs, of in STUBS.items() if of in read}
    for name in sorted(stubs - group):
        yield ROOT, f"needs {name} for mypy, and does not declare it"
    used |= stubs
    for name in sorted(group - used):
        yield ROOT, f"declares {name} for development, and nothing uses it"


def _programs(rendered: Rendered, codes: Mapping[str, Code]) -> Iterator[tuple[str, str, str]]:
    """Give what gates and tests run, with where that is said and what brings it."""
    for program in sorted(_gate_programs(rendered.text("tools/gates.toml"))):
        yield "tools/gates.toml", program, _plain(PROGRAMS.get(program, program))
    for folder, runs in RUN.items():
        for path in (path for path in codes if path.startswith(folder)):
            for program in runs.findall(rendered.text(path)):
                yield path, program, _plain(PROGRAMS.get(program, program))


def _of_image(
    service: Member, members: Mapping[str, Member], codes: Mapping[str, Code], programs: set[str]
) -> Found:
    """What a service loads is there when it is installed by itself, without what tests need."""
    there, extras = _closure(service, members)
    place = f"{service.folder}/{ROOT}"
    loaded = {service.name}
    for path in _loaded(service, members, codes):
        for package in sorted(_packages(codes[path].loaded)):
            loaded.add(package)
            if _distribution(package) not in there:
                yield path, f"loads {package}, which is not in the image of {service.name}"
        for name, extra in sorted(set(_extras(codes[path].loaded)) - extras):
            yield path, f"loads {name}[{extra}], which is not in the image of {service.name}"
    for program in sorted(programs):
        if _plain(program.partition(".")[0]) not in there:  # a module of a package, perhaps
            yield place, f"does not bring {program}, which its container runs"
    for name in sorted((there & members.keys()) - loaded):
        yield place, f"brings {name}, which nothing in its image loads"


def _closure(
    of: Member, members: Mapping[str, Member]
) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """Every distribution that a member brings, by other members too, and every extra of them."""
    found, extras = {of.name}, set[tuple[str, str]]()
    ahead, seen = [(of.name, "")], set[tuple[str, str]]()
    while ahead:
        here = ahead.pop()
        if here in seen:
            continue
        seen.add(here)
        for wanted, asked in members[here[0]].wanted.get(here[1], ()):
            found.add(wanted)
            extras.update((wanted, extra) for extra in asked)
            if wanted in members:
                ahead += [(wanted, extra) for extra in ("", *asked)]
    return frozenset(found), frozenset(extras)


def _loaded(
    service: Member, members: Mapping[str, Member], codes: Mapping[str, Code]
) -> Iterator[str]:
    """Every file that runs when all of a service's code is imported."""
    modules = _modules(members, codes)
    ahead = [path for path in codes if service.has(path)]
    seen = set(ahead)
    while ahead:
        path = ahead.pop()
        yield path
        for name in codes[path].loaded:
            parts = name.split(".")
            if parts[0] not in members:
                continue
            for depth in range(1, len(parts) + 1):
                found = modules.get(".".join(parts[:depth]))
                if found and found not in seen:
                    seen.add(found)
                    ahead.append(found)


def _modules(members: Mapping[str, Member], codes: Mapping[str, Code]) -> dict[str, str]:
    """The files of the members, by the dotted names of their modules."""
    tops = tuple(f"{member.folder}/src/" for member in members.values())
    return {module_name(path): path for path in codes if path.startswith(tops)}


def module_name(path: str) -> str:
    """The dotted name of a module in the `src` folder of a member."""
    inside = path.partition("/src/")[2].removesuffix(".py").removesuffix("/__init__")
    return inside.replace("/", ".")


def _packages(names: frozenset[str]) -> frozenset[str]:
    """The packages of dotted names that distributions bring, the standard library left out."""
    parts = [name.split(".") for name in names]
    brought = {".".join(part[:2]) for part in parts} & BROUGHT_BY.keys()
    others = {part[0] for part in parts if ".".join(part[:2]) not in brought}
    return frozenset(brought | others) - sys.stdlib_module_names


def _distribution(package: str) -> str:
    return BROUGHT_BY.get(package, package).lower()


def _extras(names: frozenset[str]) -> Iterator[tuple[str, str]]:
    return (NEEDS_EXTRA[name] for name in names & NEEDS_EXTRA.keys())


@cache
def _development(text: str) -> frozenset[str]:
    """The distributions that a project is developed with."""
    return frozenset(
        _requirement(text)[0] for text in tomllib.loads(text)["dependency-groups"]["dev"]
    )


@cache
def _gate_programs(text: str) -> frozenset[str]:
    """The programs that the gates run, and the options that plugins of theirs bring."""
    gates = tomllib.loads(text)["gates"].values()
    commands: list[list[str]] = [[*gate["command"], *gate.get("measured", [])] for gate in gates]
    options = {word.partition("=")[0] for command in commands for word in command}
    programs = {command[0] for command in commands} - {"python"}
    return frozenset(programs) | (options & PROGRAMS.keys())


def _requirement(text: str) -> Requirement:
    found = REQUIREMENT.match(text)
    assert found, text
    extras = (found[2] or "").replace(" ", "")
    return _plain(found[1]), tuple(extras.split(",")) if extras else ()


def _plain(name: Any) -> str:
    return re.sub(r"[-_.]+", "_", str(name)).lower()

"""New Python beside the owners' own: where both have a name, Python imports only one of them."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from .merge import Merge
from .reasons import SHADOW, Conflict
from .repository import Repository
from .trees import Tree, folders

SUFFIXES = (".py", ".pyi", ".so", ".pyd")
SOURCES, PROJECT = "src", "pyproject.toml"
# What is imported under another name than that of its distribution.
IMPORTED_AS = {
    "fastapi": ("fastapi", "starlette"),
    "import_linter": ("importlinter",),
    "opentelemetry_api": ("opentelemetry",),
    "opentelemetry_exporter_otlp_proto_http": ("opentelemetry",),
    "opentelemetry_proto": ("opentelemetry",),
    "opentelemetry_sdk": ("opentelemetry",),
    "pillow": ("PIL",),
    "pydantic": ("pydantic", "pydantic_core"),
    "pyjwt": ("jwt",),
    "pymongo": ("pymongo", "bson", "gridfs"),
    "python_dotenv": ("dotenv",),
    "pyyaml": ("yaml",),
    "secantusdb": ("secantus",),
    "testcontainers": ("testcontainers", "docker"),
}


def shadows(project: Path, merge: Merge) -> tuple[Conflict, ...]:
    """The owners' modules that a new path would hide, or would be hidden by."""
    new = sorted(path for path in merge.tree.keys() - merge.ours.keys() if path.endswith(".py"))
    own = merge.ours.keys() - merge.base.keys() - merge.theirs.keys()
    known = merge.theirs.keys()
    packages = folders(known)
    found = {
        theirs: path
        for path in new
        for theirs in (*_modules(project, own, known, path), *_packages(project, own, path))
        if theirs not in packages
    }
    found |= _elsewhere(own, new)
    found |= _installed(project, merge)
    return tuple(Conflict(path, SHADOW.format(other=found[path])) for path in sorted(found))


def _modules(
    project: Path, own: AbstractSet[str], known: AbstractSet[str], path: str
) -> Iterator[str]:
    """Modules with the name of a folder that a new file makes a package of."""
    for folder in list(PurePosixPath(path).parents)[:-1]:
        beside = _beside(project / folder.parent, folder.name)
        tracked = (one for one in own if _is_module(PurePosixPath(one), folder))
        for name in {*tracked, *(str(folder.parent / name) for name in beside)}:
            if name not in known:
                yield name


def _is_module(path: PurePosixPath, folder: PurePosixPath) -> bool:
    first, _, _ = path.name.partition(".")
    return path.parent == folder.parent and first == folder.name and path.suffix in SUFFIXES


def _beside(folder: Path, name: str) -> list[str]:
    """What lies in the folder itself, also what git ignores."""
    if folder.is_symlink() or not folder.is_dir():
        return []
    return [
        file.name
        for file in folder.iterdir()
        if file.suffix in SUFFIXES and file.name.partition(".")[0] == name
    ]


def _packages(project: Path, own: AbstractSet[str], path: str) -> Iterator[str]:
    """A package with the name of a new module."""
    package = path.removesuffix(".py")
    inside = [one for one in own if one.startswith(f"{package}/") and one.endswith(SUFFIXES)]
    folder = project / package
    if inside or (folder.is_dir() and any(file.suffix == ".py" for file in folder.rglob("*.py"))):
        yield package


def _elsewhere(own: AbstractSet[str], new: list[str]) -> dict[str, str]:
    """Packages of the same name below another `src/`: all of them are on Python's path."""
    theirs = {name: root for root, name in map(_top_level, new) if name}
    return {
        f"{root}/{name}": f"{theirs[name]}/{name}"
        for root, name in {_top_level(path) for path in own if path.endswith(SUFFIXES)}
        if name in theirs and theirs[name] != root
    }


def _installed(project: Path, merge: Merge) -> dict[str, str]:
    """Names of the owners' that a package would have which is installed from now on."""
    changed = {path: one for path, one in merge.tree.items() if merge.ours.get(path) != one}
    if not (asked := _requirements(merge.repository, changed)):
        return {}
    asked -= _requirements(merge.repository, merge.ours)
    brought = {name for one in asked for name in imported_as(one)}
    roots = {root for root, name in map(_top_level, merge.ours) if name}
    templates = {name for _, name in map(_top_level, merge.theirs)}
    return {
        f"{root}/{own}": f"the package {name}"
        for name in sorted(brought - templates)
        for root in sorted(roots)
        for own in (*_beside(project / root, name), *_package_in(project / root, name))
    }


def _package_in(folder: Path, name: str) -> list[str]:
    inside = folder / name
    return [name] if inside.is_dir() and any(inside.glob("*.py")) else []


def _requirements(repository: Repository, tree: Tree) -> set[str]:
    """The distributions that the members of a workspace ask for."""
    found: set[str] = set()
    for path, entry in tree.items():
        if PurePosixPath(path).name == PROJECT and entry.kind == "file":
            # What its owners wrote may be anything.
            with suppress(ValueError, AttributeError, TypeError):
                said = tomllib.loads(repository.read(entry.name).decode())
                found |= {_plain(text) for text in _asked(said)}
    return found


def _asked(said: Mapping[str, Any]) -> Iterator[str]:
    project = said.get("project", {})
    yield from project.get("dependencies", [])
    for listed in project.get("optional-dependencies", {}).values():
        yield from listed
    for listed in said.get("dependency-groups", {}).values():
        yield from (text for text in listed if isinstance(text, str))


def _plain(requirement: str) -> str:
    """The name of a distribution, spelt in one way."""
    found = re.match(r"[\w.-]+", requirement.strip())
    return re.sub(r"[-_.]+", "_", found[0]).lower() if found else ""


def imported_as(distribution: str) -> tuple[str, ...]:
    """The names on Python's path that a distribution brings, with those of what it stands on."""
    return IMPORTED_AS.get(distribution, (distribution,))


def _top_level(path: str) -> tuple[str, str]:
    """The folder on Python's path and the name in it."""
    parts = path.split("/")
    if SOURCES not in parts[:-1]:
        return "", ""
    place = parts.index(SOURCES) + 1
    return "/".join(parts[:place]), parts[place].partition(".")[0]

"""New Python beside the owners' own: where both have a name, Python imports only one of them."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path, PurePosixPath

from .merge import Merge
from .reasons import SHADOW, Conflict
from .trees import folders

SUFFIXES = (".py", ".pyi", ".so", ".pyd")
SOURCES = "src"


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


def _top_level(path: str) -> tuple[str, str]:
    """The folder on Python's path and the name in it."""
    parts = path.split("/")
    if SOURCES not in parts[:-1]:
        return "", ""
    place = parts.index(SOURCES) + 1
    return "/".join(parts[:place]), parts[place].partition(".")[0]

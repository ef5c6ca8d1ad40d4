"""Imports between the modules of a project go one way: none leads back to where it began.

What only type checkers see, and what a function imports when it runs, counts as well: a circle that
is hidden so is one for the reader all the same. Whoever imports a module runs the packages around it
first: what these import counts, too, for it decides which module can be the first to be imported.
"""

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from tests.matrix.renderer import Rendered
from tests.matrix.syntax import Code

PACKAGE = "__init__"


def circular(rendered: Rendered, codes: Mapping[str, Code]) -> Iterator[tuple[str, str]]:
    """Say which modules import each other in a circle: the path of one of them, and the way."""
    paths = _modules(rendered)
    imports = {
        name: _run(name, _imported(codes[path].imports, paths), paths) - {name}
        for name, path in paths.items()
    }
    while circle := _circle(imports):
        yield paths[circle[0]], f"imports itself: {' -> '.join(circle)}"
        imports[circle[0]] = imports[circle[0]] - {circle[1]}


def _modules(rendered: Rendered) -> dict[str, str]:
    """The path of each module, by the name that others import it by."""
    modules = {}
    for path in rendered.files:
        if path.endswith(".py"):
            # A package of the workspace is below src/; all else is found from the root.
            parts = path.removesuffix(".py").rpartition("/src/")[2].split("/")
            modules[".".join(parts[:-1] if parts[-1] == PACKAGE else parts)] = path
    return modules


def _imported(names: frozenset[str], modules: Mapping[str, str]) -> set[str]:
    """The modules among the dotted names; a package counts if something of its own is taken."""
    taken: dict[str, list[str]] = {}
    for name in names:
        taken.setdefault(name.rpartition(".")[0], []).append(name)
    return {
        name
        for name in names
        if name in modules
        and (name not in taken or any(inner not in modules for inner in taken[name]))
    }


def _run(name: str, imported: set[str], modules: Mapping[str, str]) -> set[str]:
    """What a module has run: what it imports, and the packages around that in which it is not."""
    around = {package for one in imported for package in _packages(one) if package in modules}
    return imported | (around - {*_packages(name)})


def _packages(name: str) -> Iterator[str]:
    while name := name.rpartition(".")[0]:
        yield name


def _circle(imports: Mapping[str, set[str]]) -> list[str]:
    """The first circle, from one module to itself by way of those that it imports."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        back: list[str] = error.args[1]
        circle = back[::-1]
        start = circle.index(min(circle))
        return [*circle[start:-1], *circle[:start], circle[start]]
    return []

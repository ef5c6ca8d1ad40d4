"""What the checks of projects have to know of a Python file, read from its syntax tree.

Run as a script it answers over its standard streams: where the tests run on a Python that is older
than that of the projects, a newer one reads their files.
"""

import ast
import atexit
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

NEWEST_SYNTAX = (3, 12)
# SQLAlchemy loads a driver by the name that a URL begins with.
DRIVER = re.compile(r"postgres(?:ql)?\+(\w+)")


@dataclass(frozen=True)
class SettingsClass:
    """A class that reads the environment: its name, what it stands on, and its own fields."""

    name: str
    bases: tuple[str, ...]
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """What one Python file imports and defines."""

    # Dotted names of everything that is imported, and of what is when the code runs: not what only
    # type checkers see, but the driver that a database's URL names.
    imports: frozenset[str] = frozenset()
    loaded: frozenset[str] = frozenset()
    # The names that its top level has, those that are imported with what they stand for, ...
    names: frozenset[str] = frozenset()
    bound: Mapping[str, str] = field(default_factory=dict)
    # ... those that stand in lists at its top level, and its classes of settings.
    listed: tuple[str, ...] = ()
    settings: tuple[SettingsClass, ...] = ()
    # What its `install` takes first, as its type is written.
    installs_in: str = ""


NOTHING = Code()


def code(text: str) -> Code:
    """Read a Python file; one that does not parse has nothing (another check tells that)."""
    found = read(text) if sys.version_info >= NEWEST_SYNTAX else _asked(text)
    if found is None:
        return NOTHING
    return Code(
        frozenset(found["imports"]),
        frozenset(found["loaded"]),
        frozenset(found["names"]),
        found["bound"],
        tuple(found["listed"]),
        tuple(
            SettingsClass(name, tuple(bases), tuple(fields))
            for name, bases, fields in found["settings"]
        ),
        found["installs_in"],
    )


def read(text: str) -> dict[str, Any] | None:
    """Give what there is to know in plain lists; None where the text does not parse."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    bound = {name: of for node in tree.body for name, of in _bound(node)}
    return {
        "imports": sorted({name for node in ast.walk(tree) for name in _imported(node)}),
        "loaded": sorted(
            {name for node in _run(tree) for name in (*_imported(node), *_driver(node))}
        ),
        "names": sorted({*bound, *(name for node in tree.body for name in _defined(node))}),
        "bound": bound,
        "listed": [name for node in tree.body for name in _listed(node)],
        "settings": [found for node in tree.body for found in _settings(node)],
        "installs_in": "".join(host for node in tree.body for host in _host(node)),
    }


def _run(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those that only type checkers see."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")):
            yield node
            yield from _run(node)


def _imported(node: ast.AST) -> Iterator[str]:
    """Dotted names: of `from a import b` both `a` and `a.b`, which may be a module too."""
    match node:
        case ast.Import():
            yield from (alias.name for alias in node.names)
        case ast.ImportFrom(module=str(module), level=0):
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]):
            if ast.unparse(function).endswith(("import_module", "util.find_spec")):
                yield name


def _driver(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            if found := DRIVER.match(text):
                yield found[1]


def _bound(node: ast.stmt) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Import():
            for alias in node.names:
                yield alias.asname or alias.name.split(".")[0], alias.name
        case ast.ImportFrom(module=str(module), level=0):
            for alias in node.names:
                yield alias.asname or alias.name, f"{module}.{alias.name}"


def _defined(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def _listed(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Assign(value=ast.List(elts=items)) | ast.AnnAssign(value=ast.List(elts=items)):
            yield from (item.id for item in items if isinstance(item, ast.Name))


def _settings(node: ast.stmt) -> Iterator[tuple[str, list[str], list[str]]]:
    match node:
        case ast.ClassDef(name=name, bases=bases, body=body):
            stands_on = [ast.unparse(base) for base in bases]
            fields = [
                inner.target.id
                for inner in body
                if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name)
            ]
            if any(base.endswith("Settings") for base in stands_on):
                yield name, stands_on, fields


def _host(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name="install", args=ast.arguments(args=[first, *_])):
            yield ast.unparse(first.annotation) if first.annotation else ""


@cache
def _reader() -> subprocess.Popen[str]:
    """A Python that the projects are for, which reads one file after the other."""
    from tests.support import environment  # noqa: PLC0415  (the other Python has no packages)

    python = ["uv", "run", "--no-project", "--python", ">=3.12", "python", __file__]
    pipe = subprocess.PIPE
    reader = subprocess.Popen(python, env=environment(), stdin=pipe, stdout=pipe, text=True)
    atexit.register(reader.communicate)  # it ends where nothing more is asked
    return reader


def _asked(text: str) -> dict[str, Any] | None:
    reader = _reader()
    assert reader.stdin
    assert reader.stdout
    reader.stdin.write(f"{json.dumps(text)}\n")
    reader.stdin.flush()
    found: dict[str, Any] | None = json.loads(reader.stdout.readline())
    return found


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(read(json.loads(line)))}\n")
        sys.stdout.flush()

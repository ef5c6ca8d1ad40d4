"""Nothing in ferrata imports upwards, and a folder is entered by its face."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src/ferrata"
# From the top down; what stands in one row knows nothing of its neighbours.
LAYERS = (
    ("__main__",),
    ("cli",),
    ("ending", "climbing", "making"),
    ("growing",),
    ("asking", "checking", "planning"),
    ("project",),
    ("answers", "template"),
    ("base",),
)
DEPTH = {name: depth for depth, row in enumerate(LAYERS) for name in row}


def imports(package: Path) -> Iterator[tuple[str, str]]:
    """Every module with every module of the package that it imports, wherever it does so."""
    for file in sorted(package.rglob("*.py")):
        module = ".".join(file.relative_to(package).with_suffix("").parts)
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            for name in _named(node):
                if name == "ferrata" or name.startswith("ferrata."):
                    imported = _module(package, name.removeprefix("ferrata").lstrip("."))
                    yield module.removesuffix(".__init__"), imported


def _named(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert not node.level, "imports are absolute here, so that they can be followed"
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def _module(package: Path, name: str) -> str:
    """The module itself, where a name in it was imported."""
    path = package / name.replace(".", "/")
    if name in DEPTH or path.with_suffix(".py").is_file():
        return name
    return name.rpartition(".")[0]


def faults(package: Path) -> list[str]:
    found = []
    for module, imported in imports(package):
        if not imported:
            found.append(f"{module}: imports ferrata itself")
            continue
        own, other = module.partition(".")[0], imported.partition(".")[0]
        if own != other and DEPTH[other] <= DEPTH[own]:
            found.append(f"{module}: imports {imported}, which is not below it")
        if own != other and "." in imported:
            found.append(f"{module}: imports {imported} past the face of {other}")
        if own == other and module != own and imported == own:
            found.append(f"{module}: imports its own face")
    return found


def test_every_folder_has_its_place() -> None:
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert there - {"__init__", "__pycache__", "_template", "py"} == set(DEPTH)


def test_nothing_is_imported_upwards_or_past_a_face() -> None:
    assert faults(PACKAGE) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for module, imported in imports(PACKAGE):
        graph.setdefault(module, set()).add(imported)
    TopologicalSorter(graph).prepare()  # raises with the circle, if there is one


@pytest.mark.parametrize(
    ("file", "line", "fault"),
    [
        ("base/errors.py", "from ferrata.cli import app", "base.errors: imports cli, which is not"),
        ("making/new.py", "from ferrata.climbing import run", "climbing, which is not below"),
        ("project/folder.py", "from ferrata.base.errors import Failure", "past the face of base"),
        ("base/errors.py", "def f():\n    from ferrata.base import git", "its own face"),
        ("base/errors.py", "import ferrata", "imports ferrata itself"),
    ],
)
def test_a_wrong_import_is_found(tmp_path: Path, file: str, line: str, fault: str) -> None:
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).write_text(f"{line}\n")
    (tmp_path / "base").mkdir(exist_ok=True)
    (tmp_path / "base/errors.py").touch()
    assert [fault in found for found in faults(tmp_path)] == [True]

"""The rules are loaded anew each time, so that every folder and every content of it has its own."""

import ast
import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.support import ROOT, extension

RULES = ROOT / "extensions" / "rules"
WORDS = '    return name.replace("_", " ")\n'


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A copy of the extension, to be changed."""
    loaded = set(sys.modules)
    for name in ("extensions", "schemas"):
        shutil.copytree(ROOT / name, tmp_path / name)
    yield tmp_path / "extensions"
    for name in set(sys.modules) - loaded:
        if name.startswith("ferrata_rules_"):
            del sys.modules[name]


def load(folder: Path) -> ModuleType:
    """Load the extension as Copier does: under one and the same name, whichever version it is."""
    spec = importlib.util.spec_from_file_location("answers_of_some_version", folder / "answers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def change(folder: Path, returned: str) -> None:
    file = folder / "rules/names.py"
    text = file.read_text("utf-8")
    assert WORDS in text
    file.write_text(text.replace(WORDS, f'    return "{returned} of " + name\n'), "utf-8")


def words(module: ModuleType) -> str:
    model = module.data_model([{"name": "an_entity", "fields": [{"name": "a", "type": "text"}]}])
    return str(model["entities"][0]["words"])


def test_each_folder_has_its_own(folder: Path) -> None:
    change(folder, "another")

    assert words(load(folder)) == "another of an_entity"
    assert words(extension()) == "an entity"


def test_the_same_folder_with_other_content(folder: Path) -> None:
    before = load(folder)
    change(folder, "another")
    (folder / "rules/added.py").write_text("ADDED = True\n", "utf-8")
    with (folder / "rules/names.py").open("a", encoding="utf-8") as file:
        file.write("\n\nfrom .added import ADDED\n")

    assert words(load(folder)) == "another of an_entity"
    assert words(before) == "an entity"


def test_a_folder_without_the_package_is_refused(folder: Path) -> None:
    shutil.rmtree(folder / "rules")

    with pytest.raises(FileNotFoundError, match="rules"):
        load(folder)


def imported(file: Path) -> set[str]:
    """The modules of the rules that one imports, as `checks.names`; each folder counts as one."""
    here = file.relative_to(RULES).parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) - node.level + 1]
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {".".join([*base, name]) for name in names}
    return found


MODULES = {
    ".".join(file.relative_to(RULES).with_suffix("").parts): imported(file)
    for file in RULES.rglob("*.py")
    if file.name != "__init__.py"
}


def test_no_module_reaches_itself() -> None:
    def reached(name: str, seen: frozenset[str]) -> set[str]:
        ahead = MODULES.get(name, set()) - seen
        return ahead.union(*(reached(other, seen | ahead) for other in ahead))

    # The face of a folder stands for all of it.
    for name in list(MODULES):
        folder = name.rpartition(".")[0]
        if folder:
            MODULES.setdefault(folder, set()).add(name)
    assert [name for name in MODULES if name in reached(name, frozenset())] == []


def test_no_folder_reaches_another_that_reaches_it() -> None:
    folders = {name.rpartition(".")[0] for name in MODULES if "." in name}
    uses = {
        (folder, other.split(".")[0])
        for folder in folders
        for name in MODULES
        if name.startswith(f"{folder}.")
        for other in MODULES[name]
    }
    assert [(one, other) for one, other in uses if one != other and (other, one) in uses] == []


def test_imports_of_the_rules_are_made_when_they_are_loaded() -> None:
    for file in RULES.rglob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        later = [
            node
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef)
            for node in ast.walk(function)
            if isinstance(node, ast.ImportFrom) and node.level
        ]
        assert later == [], file


def test_rooms_stay_small() -> None:
    for file in RULES.rglob("*.py"):
        assert len(file.read_text("utf-8").splitlines()) <= 250, file

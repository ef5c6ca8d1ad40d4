"""Without a layer's folder and manifest, all that is not about it is as before.

What cannot be without the layer goes with it.
"""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ferrata.planning import Combination, combinations
from ferrata.planning import sample as pairwise
from ferrata.template import load_module
from tests import turns
from tests.layers.copies import remove
from tests.matrix.proof import prove, prove_all
from tests.matrix.renderer import Renderer
from tests.matrix.sample import all_jobs
from tests.support import (
    EXAMPLES,
    ODD,
    ROOT,
    answers_of,
    commit_all,
    commit_working_tree,
    run,
)
from tests.template.source import CHECKS, Source
from tests.without import WITHOUT

LAYERS = sorted(path.stem for path in ROOT.glob("schemas/catalog/layers/*.yml"))
BUILT = [name for name in LAYERS if (ROOT / f"template/{{{{ {name} }}}}").is_dir()]
PARTS = ("copier.yml", "questions", "extensions", "schemas", "hooks", "template")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What the template is made of."""
    for name in PARTS:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    return tmp_path


@turns.layers
@pytest.mark.parametrize("layer", [name for name in LAYERS if name != "level_1"])
def test_what_is_left_keeps_its_rules(layer: str, tree: Path) -> None:
    gone = remove(tree, layer)
    source = Source(tree)

    assert [breach for check in CHECKS.values() for breach in check(source)] == []
    rows = [*source.catalog["modules"], *source.catalog["providers"]]
    offered = {row["name"] for row in rows}
    assert offered == {*LAYERS} - {*gone} - {f"level_{number}" for number in range(1, 5)}
    for name in (*EXAMPLES, *ODD):
        assert source.rules.problems(answers_of(name) | {"level": 1, "modules": []}) == []


@turns.layers
@pytest.mark.parametrize("layer", [name for name in BUILT if name != "level_1"])
def test_the_projects_that_are_left_are_sound_and_as_before(layer: str, tree: Path) -> None:
    remove(tree, layer)
    whole, left = Renderer(ROOT, source="template"), Renderer(tree, source="template")
    asked = combinations(left.rules)
    assert 0 < len(asked) < len(combinations(whole.rules))
    some = pairwise(left.rules, asked)

    proof = prove(tree, answers_of("task_manager"), some, processes=1)

    assert proof.told() == []
    are_as_before(left, whole, some)


def are_as_before(left: Renderer, whole: Renderer, asked: Sequence[Combination]) -> None:
    for one in asked:
        answers = answers_of("task_manager") | one.answers
        now, before = left.render(answers), whole.render(answers)
        assert changed(now.files, before.files) <= OUTLOOK, one.name


# They say what else there is.
OUTLOOK = {*Renderer(ROOT).rules.catalog()["outlook"]}


def changed(now: dict[str, bytes], before: dict[str, bytes]) -> set[str]:
    return {path for path in now.keys() | before.keys() if now.get(path) != before.get(path)}


@turns.layers
@pytest.mark.parametrize("layer", [name for name in LAYERS if not name.startswith("level_")])
def test_the_documentation_speaks_of_it_no_more(layer: str, tree: Path) -> None:
    (tree / "docs").mkdir()
    shutil.copy(ROOT / "docs/generate.py", tree / "docs")
    gone = remove(tree, layer)

    pages = load_module(tree / "docs/generate.py").pages()

    text = (
        pages[tree / "docs/reference/modules.md"] + pages[tree / "docs/schemas/answers.schema.json"]
    )
    assert "Field types" in pages[tree / "docs/reference/answers.md"]
    assert [name for name in gone if f"`{name}`" in text or f'"{name}"' in text] == []


@pytest.mark.long
@pytest.mark.parametrize("layer", [name for name in BUILT if name != "level_1"])
def test_all_projects_that_are_left_are_sound(layer: str, tree: Path) -> None:
    remove(tree, layer)
    jobs = all_jobs(Renderer(tree).rules)

    proof = prove_all(tree, jobs)

    assert proof.told() == []
    assert proof.projects == len(jobs)
    left = Renderer(tree, source="template")
    are_as_before(left, Renderer(ROOT, source="template"), combinations(left.rules))


# Those that look at what is generated, and at the tool; the others start systems.
SUITES = ["cli", "docs", "examples", "extensions", "matrix", "repository", "template", "tools"]


@pytest.mark.long
@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("layer", [name for name in BUILT if name != "level_1"])
def test_every_test_that_is_not_about_it_passes(layer: str, suite: str, tmp_path: Path) -> None:
    tree = commit_working_tree(tmp_path / "repository")
    gone = remove(tree, layer)
    left = {"PYTHONPATH": str(tree / "src"), WITHOUT: ",".join(gone)}
    generated = run(tree, sys.executable, "docs/generate.py", **left)
    assert generated.returncode == 0, generated.stderr
    commit_all(tree, f"without {layer}")

    tested = run(tree, sys.executable, "-m", "pytest", "-q", "-n", "0", f"tests/{suite}", **left)

    assert tested.returncode == 0, tested.stdout

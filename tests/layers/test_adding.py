"""A module is added by a folder and a manifest: it is offered, checked, planned and rendered."""

import json
from pathlib import Path

import pytest
import yaml
from copier.errors import UserMessageError

from ferrata.planning import Combination
from tests import turns
from tests.layers.copies import TOY, add_toy, ferrata
from tests.matrix.proof import prove
from tests.matrix.renderer import Renderer
from tests.support import (
    MODULES,
    answers_of,
    commit_all,
    commit_working_tree,
    files_of,
    git,
    render,
)
from tests.template.source import CHECKS, Source

ANSWERS = answers_of("task_manager") | {"level": 2, "modules": ["toy"]}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with one module more."""
    folder = commit_working_tree(tmp_path_factory.mktemp("with-toy") / "repository")
    add_toy(folder)
    changed = git(folder, "status", "--porcelain", "--untracked-files=all", "-z").split("\0")
    assert {line.removeprefix("?? ") for line in changed if line} == set(TOY)
    commit_all(folder, "a toy")
    return folder


@pytest.fixture
def answers(tmp_path: Path) -> str:
    """A file of answers that ask for it."""
    file = tmp_path / "answers.yml"
    file.write_text(yaml.safe_dump(ANSWERS), "utf-8")
    return str(file)


def test_it_is_offered(tree: Path) -> None:
    printed = ferrata(tree, "matrix", "--json").stdout
    assert ["toy"] in [entry["modules"] for entry in json.loads(printed)["include"]]

    renderer = Renderer(tree)
    question = renderer.rules.schema()["properties"]["modules"]
    assert question["items"]["enum"][-1] == "toy"
    assert "toy)" in question["x-question"]
    offered = renderer.jinja.from_string(renderer.questions["modules"]["choices"])
    assert json.loads(offered.render())["Toy"] == {"value": "toy", "validator": ""}


def test_it_is_validated_and_planned(tree: Path, answers: str) -> None:
    said = ferrata(tree, "validate", answers)
    assert (said.returncode, said.stderr) == (0, "")
    assert "modules   toy" in said.stdout

    planned = json.loads(ferrata(tree, "plan", answers, "--json").stdout)
    assert {"toy", "toy_check"} <= {feature["name"] for feature in planned["features"]}


@turns.layers
def test_copier_renders_it_and_so_do_the_tests(tree: Path, tmp_path: Path) -> None:
    project = render(tree, ANSWERS, tmp_path / "project")

    rendered = Renderer(tree).render(ANSWERS)
    recorded = ".copier-answers.yml"
    assert {**rendered.files, recorded: b""} == {**files_of(project), recorded: b""}
    assert {"docs/toy.md", "tools/make/toy.mk", "modules/toy/src/chassis_toy/toy_check.py"} <= {
        *rendered.files
    }
    assert "TOY_NAME=bear" in rendered.text(".env.example")
    assert "team_tasks_api" in rendered.text("docs/toy.md")


def test_the_template_keeps_its_rules(tree: Path) -> None:
    source = Source(tree)
    assert [breach for check in CHECKS.values() for breach in check(source)] == []


@turns.layers
def test_its_projects_are_sound(tree: Path) -> None:
    asked = [
        Combination(level, modules) for level in (1, 2) for modules in (("toy",), (*MODULES, "toy"))
    ]

    proof = prove(tree, answers_of("task_manager"), asked, processes=1)

    assert proof.told() == []
    assert proof.projects == len(asked)


def test_a_fault_in_its_manifest_is_told_in_one_line(
    tree: Path, answers: str, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    git(tmp_path, "clone", "--quiet", str(tree), str(broken))
    manifest = broken / "schemas/catalog/layers/toy.yml"
    manifest.write_text(manifest.read_text("utf-8").replace("summary:", "sumary:"), "utf-8")
    commit_all(broken, "a fault")
    told = (
        "schemas/catalog/layers/toy.yml: 'sumary' is no key of a manifest; did you mean 'summary'?"
    )

    said = ferrata(broken, "validate", answers)
    assert (said.returncode, said.stdout, said.stderr) == (1, "", f"ferrata: {told}\n")

    with pytest.raises(UserMessageError) as stopped:
        render(broken, ANSWERS, tmp_path / "project")
    assert str(stopped.value) == told

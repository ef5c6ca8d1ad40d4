"""Every project that is generated: readable, complete, and with nothing of what is off."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.support import EXAMPLES, LEVELS, ODD, PROJECTS, answers_of, extension, files_of, run

# What grows with the levels takes turns; the proof (tests/matrix) has all of them.
pytestmark = pytest.mark.in_turns(4)
SEEDS = ("services/", "shared/", "deploy/local/", "README.md")


@pytest.fixture(params=PROJECTS)
def project(request: pytest.FixtureRequest, rendered: Callable[[str], Path]) -> Path:
    """Each example, and each set of odd answers."""
    return rendered(request.param)


def test_toml_and_yaml_parse(project: Path) -> None:
    for path in project.rglob("*.toml"):
        tomllib.loads(path.read_text("utf-8"))
    for path in [*project.rglob("*.yml"), *project.rglob("*.yaml")]:
        assert yaml.safe_load(path.read_text("utf-8")) is not None, path


def test_the_formatter_and_the_linter_have_nothing_to_say(project: Path) -> None:
    linted = run(project, "ruff", "check", "--no-cache", ".")
    formatted = run(project, "ruff", "format", "--no-cache", "--check", ".")

    assert linted.returncode == 0, linted.stdout
    assert formatted.returncode == 0, formatted.stdout


def test_no_file_is_empty_but_type_markers(project: Path) -> None:
    empty = [name for name, content in files_of(project).items() if not content.strip()]

    assert [name for name in empty if not name.endswith("py.typed")] == []


def test_no_folder_is_empty(project: Path) -> None:
    folders = [path for path in project.rglob("*") if path.is_dir()]

    assert [path for path in folders if not any(path.iterdir())] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_template_syntax_is_left(name: str, rendered: Callable[[str], Path]) -> None:
    for path, content in files_of(rendered(name)).items():
        found = re.search(r"{{|{%|<<<<<<<|>>>>>>>", content.decode())
        assert found is None or path.startswith("tools/"), path


@pytest.mark.parametrize("level", LEVELS[1:])
@pytest.mark.parametrize("name", [*EXAMPLES, *ODD])
def test_a_seed_is_the_same_at_every_level(name: str, level: int, rendered: Callable[[str], Path]) -> None:
    def seeds(of: int) -> dict[str, bytes]:
        files = files_of(rendered(f"{name}@{of}"))
        files.pop("README.md")  # it says what was there when the project was made
        return {path: content for path, content in files.items() if path.startswith(SEEDS)}

    # A level may bring another one, which is seeded when the project gets there.
    first, there = seeds(LEVELS[0]), seeds(level)
    assert {path: there.get(path) for path in first} == first


@pytest.mark.parametrize("level", LEVELS[1:])
@pytest.mark.parametrize("name", [*EXAMPLES, *ODD])
def test_no_path_disappears_as_the_level_rises(name: str, level: int, rendered: Callable[[str], Path]) -> None:
    below = files_of(rendered(f"{name}@{level - 1}")).keys()

    assert below - files_of(rendered(f"{name}@{level}")).keys() == set()


@pytest.mark.in_turns(1)
@pytest.mark.parametrize("name", EXAMPLES)
def test_only_joints_depend_on_the_level(name: str, rendered: Callable[[str], Path]) -> None:
    joints = {re.sub(r"{{ \w+ }}/|\.jinja$", "", joint) for joint in extension().catalog()["joints"]}
    first = files_of(rendered(f"{name}@{LEVELS[0]}"))
    for level in LEVELS[1:]:
        there = files_of(rendered(f"{name}@{level}"))
        assert {path for path in first if first[path] != there[path]} <= joints


@pytest.mark.parametrize("name", PROJECTS)
def test_free_text_comes_out_as_it_went_in(name: str, rendered: Callable[[str], Path]) -> None:
    answers, project = answers_of(name), rendered(name)
    described = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    readme = (project / "README.md").read_text("utf-8")

    assert described["description"] == answers["project_name"]
    author = {"name": answers["author_name"], "email": answers["author_email"]}
    assert described["authors"] == [author]
    assert readme.startswith(f"# {answers['project_name']}\n")
    assert extension().prose(answers["problem"]) in readme


@pytest.mark.parametrize("name", PROJECTS)
def test_the_answers_are_recorded(name: str, rendered: Callable[[str], Path]) -> None:
    recorded = yaml.safe_load((rendered(name) / ".copier-answers.yml").read_text("utf-8"))

    assert {key: recorded.get(key) for key in answers_of(name)} == answers_of(name)


def test_no_secret_is_written(project: Path) -> None:
    example = (project / ".env.example").read_text("utf-8")

    assert not (project / ".env").exists()
    secrets = re.findall(r"# secret\n(\w+)=(.*)", example)
    assert secrets
    assert all(value == "" for _, value in secrets)

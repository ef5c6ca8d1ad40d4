"""A climb that must not be: one line says why and how to go on, and nothing changed."""

import errno
import re
import shutil
from pathlib import Path

import pytest

from ferrata.template import updates
from tests.climb.conftest import Climb
from tests.climb.support import LAYERS, new_project, replace, state, write_template
from tests.support import LATER_LEVELS, LATER_MODULES, commit_all, git

REFUSED = [
    *(
        pytest.param(
            ["--to", level], f"level {level} is not available in this version", id=str(level)
        )
        for level in LATER_LEVELS
        if f"level_{level}" not in LAYERS
    ),
    *(
        pytest.param(["--add", name], f"module '{name}' is not available", id=name)
        for name in LATER_MODULES
        if name not in LAYERS
    ),
    pytest.param(["--add", "rabbit"], "modules[0]: must be one of", id="unknown-module"),
    pytest.param(["--set", "levle=2"], "levle: is not a known key", id="misspelt"),
    pytest.param(["--set", "level=high"], "level: must be a whole number", id="type"),
    pytest.param(["--set", "context=other"], "context: cannot change", id="context"),
    pytest.param(["--set", "function=x"], "function", id="function"),
    pytest.param(
        ["--set", "entities.0.plural=chores"],
        "entities: seeded the project, its code is yours now",
        id="entities",
    ),
]


@pytest.mark.parametrize(("arguments", "said"), REFUSED)
def test_wrong_answers(arguments: list[object], said: str, project: Path, climb: Climb) -> None:
    before = state(project)

    run = climb(project, *arguments)

    assert (run.code, run.out) == (1, "")
    assert said in run.err
    assert run.err.startswith("ferrata: ")
    assert state(project) == before


def test_a_lower_level(template: Path, tmp_path: Path, climb: Climb) -> None:
    project = new_project(template, tmp_path / "demo", level=3, modules=["redis"])
    before = state(project)

    down = climb(project, "--to", 2)
    without = climb(project, "--set", "modules=[]")

    assert (down.code, without.code) == (1, 1)
    assert "2 is below the project's level 3; a level is never lowered" in down.err
    assert "'redis' is in the project; no module is taken out" in without.err
    assert down.err.count("\n") == without.err.count("\n") == 1
    assert state(project) == before


@pytest.mark.parametrize("level", [0, 5, "two"])
def test_a_level_that_does_not_exist_is_wrong_usage(
    level: object, project: Path, climb: Climb
) -> None:
    assert climb(project, "--to", level).code == 2


def test_no_project(tmp_path: Path, climb: Climb) -> None:
    run = climb(tmp_path)

    assert run.code == 1
    assert "is no Ferrata project" in run.err


def test_no_repository(project: Path, climb: Climb) -> None:
    shutil.rmtree(project / ".git")

    run = climb(project, "--to", 2)

    assert run.code == 1
    assert "is in no git repository" in run.err
    assert run.err.count("\n") == 1


def test_no_commit(project: Path, climb: Climb) -> None:
    shutil.rmtree(project / ".git")
    git(project, "init", "--quiet")

    run = climb(project, "--to", 2)

    assert run.code == 1
    assert "has no commit yet" in run.err


def test_git_that_hides_untracked_files(project: Path, tmp_path: Path, climb: Climb) -> None:
    (tmp_path / "home/.gitconfig").write_text("[status]\nshowUntrackedFiles = no\n")
    (project / "mine.txt").write_text("mine\n")

    run = climb(project, "--to", 2)

    assert run.code == 1
    assert "mine.txt" in run.err


@pytest.mark.long
def test_a_template_that_moved(tmp_path: Path, climb: Climb) -> None:
    template = write_template(tmp_path / "template")
    project = new_project(template, tmp_path / "demo")
    template.rename(tmp_path / "moved")
    before = state(project)

    run = climb(project, "--to", 2)

    assert run.code == 1
    assert "write its new address as _src_path into .copier-answers.yml" in run.err
    assert run.err.count("\n") == 1
    assert state(project) == before

    replace(
        project / ".copier-answers.yml",
        r"_src_path: .*\n",
        f"_src_path: {tmp_path / 'moved'}\n",
    )
    commit_all(project, "the template moved")
    run = climb(project, "--to", 2)
    assert run.code == 0, run.err
    assert str(tmp_path / "moved") in (project / ".copier-answers.yml").read_text()


@pytest.mark.long
def test_a_newest_release_that_is_older_than_the_project(tmp_path: Path, climb: Climb) -> None:
    template = write_template(tmp_path / "template")
    git(template, "tag", "v0.1.0")
    (template / "NEWS.md").write_text("After the release.\n")
    commit_all(template, "later")
    project = new_project(template, tmp_path / "demo")
    before = state(project)

    run = climb(project, "--upgrade")

    assert run.code == 1
    assert "is not later than the project's" in run.err
    assert state(project) == before


@pytest.mark.long
def test_a_file_edited_while_the_climb_is_tried(
    project: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ferrata.climbing import climb as module  # noqa: PLC0415

    apply = module.apply

    def late(*arguments: object) -> None:
        (project / "tools/gates.toml").write_text("mine\n")
        (project / "README.md").write_text("mine too\n")
        apply(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "apply", late)

    run = climb(project, "--to", 2)

    assert run.code == 1
    assert "everything is as before" in run.err
    assert (project / "tools/gates.toml").read_text() == "mine\n"
    assert (project / "README.md").read_text() == "mine too\n"
    changed = git(project, "status", "--porcelain")
    assert re.findall(r"\S+$", changed, re.MULTILINE) == ["README.md", "tools/gates.toml"]


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        (r"modules:.*\n(- .*\n)*", ""),
        (r"level: 1\n", ""),
        (r"level: 1\n", "level: one\n"),
        (r"entities:\n(- .*\n|  .*\n)*", "entities: [1]\n"),
    ],
    ids=["no-modules", "no-level", "another-level", "other-entities"],
)
def test_answers_that_are_not_there_with_no_fingerprint_of_them(
    pattern: str, instead: str, project: Path, climb: Climb
) -> None:
    replace(project / ".copier-answers.yml", pattern, instead)
    (project / ".ferrata/answers.sha256").unlink()
    commit_all(project, "edited")
    before = state(project)

    for asked in (["--add", "redis"], ["--to", 2], []):
        run = climb(project, *asked)
        assert run.code == 1, run.err
        assert run.err.startswith("ferrata: .copier-answers.yml does not say what it has to of ")
        assert run.err.count("\n") == 1
    assert state(project) == before


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("step", ["diff", "report"])
def test_what_cannot_be_told_is_told_before_anything_is_written(
    step: str, project: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ferrata.climbing import climb as module  # noqa: PLC0415

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = state(project)
    place = updates().updating() if step == "diff" else module
    monkeypatch.setattr(place, step, full)

    run = climb(project, "--to", 2, "--diff")

    assert run.code == 1
    assert "could not be worked out: No space left on device; nothing was changed" in run.err
    assert run.err.count("\n") == 1
    assert state(project) == before

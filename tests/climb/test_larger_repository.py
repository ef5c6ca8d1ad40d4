"""A project in a folder of a larger repository: what goes on around it is another matter."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.climb.conftest import Climb
from tests.climb.support import copy_of, replace, to, update
from tests.climb.test_odd_trees import NEW, ODD_NAMES
from tests.climb.trees import changed, everything
from tests.support import commit_all, git

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def project(level_1: Path, tmp_path: Path) -> Path:
    """A project at level 1, in a repository in which somebody is at work."""
    top = tmp_path / "all"
    project = copy_of(level_1, top / "systems/demo")
    (project / ".git").rename(tmp_path / "old.git")
    for name in ("edited.txt", "staged.txt", "deleted.txt"):
        (top / name).write_text("as committed\n")
    git(top, "init", "--quiet")
    git(top, "config", "user.name", "Tests")
    git(top, "config", "user.email", "tests@example.com")
    commit_all(top, "all")
    (top / "edited.txt").write_text("at work\n")
    (top / "staged.txt").write_text("at work\n")
    git(top, "add", "staged.txt")
    (top / "deleted.txt").unlink()
    (top / "systems/new.txt").write_text("new\n")
    return project


AT_WORK = [" D deleted.txt", " M edited.txt", "?? systems/new.txt", "M  staged.txt"]


def around(project: Path) -> list[str]:
    """What git tells of the rest of the repository."""
    told = git(project, "status", "--porcelain", "--", ":/", ":(exclude,top)systems/demo")
    return sorted(told.splitlines())


def typed(told: str, word: str, project: Path) -> None:
    """Type one of the commands that were told."""
    [line] = [line for line in told.splitlines() if line.strip().startswith(word)]
    subprocess.run(shlex.split(line, comments=True), cwd=project, check=True, capture_output=True)


def test_work_elsewhere_does_not_stop_a_climb(project: Path, climb: Climb) -> None:
    assert around(project) == AT_WORK

    run = climb(project, "--to", 2)

    assert run.code == 0, run.err
    assert around(project) == AT_WORK
    assert git(project, "diff", "--name-only", "--", ".") == ""
    typed(run.out, "git commit", project)
    assert around(project) == AT_WORK
    committed = git(project, "show", "--pretty=", "--name-only").splitlines()
    assert all(path.startswith("systems/demo/") for path in committed)
    assert git(project, "status", "--porcelain", "--", ".") == ""


WORKSPACE = """
[project]
name = "everything"
version = "1"
requires-python = ">=3.12"

[tool.uv.workspace]
members = ["{members}"]
"""


@pytest.mark.long
@pytest.mark.parametrize("members", ["systems/*", "libraries/*"])
def test_a_workspace_around_it_has_no_part_in_it(members: str, project: Path, climb: Climb) -> None:
    """A project is a workspace of its own, whether or not the other one claims it as a member."""
    top = project.parents[1]
    (top / "pyproject.toml").write_text(WORKSPACE.format(members=members))

    run = climb(project, "--to", 2)

    assert run.code == 0, run.err
    (project / "uv.lock").unlink()  # there is none yet but that of the fixture
    for words in (["lock"], ["sync", "--all-packages"], ["lock", "--check"]):
        subprocess.run(["uv", *words, "--quiet"], cwd=project, check=True)
    assert (project / ".venv").is_dir()
    assert sorted(path.name for path in top.iterdir() if path.name in {".venv", "uv.lock"}) == []


@pytest.mark.long
def test_taking_it_back_leaves_the_rest_alone(project: Path, climb: Climb) -> None:
    for name in ("a 'b' [c].txt", "plain.txt"):
        (project / "services" / name).write_text("theirs\n")
        git(project, "add", "--", f":(literal)services/{name}")
    git(project, "commit", "--quiet", "--message", "edited", "--", ".")
    git(project, "update-index", "--assume-unchanged", "services/a 'b' [c].txt")
    (project / "services/a 'b' [c].txt").write_text("mine\n")
    before = everything(project)
    run = climb(project, "--to", 2)
    assert run.code == 0, run.err

    typed(run.out, "git restore", project)

    assert around(project) == AT_WORK
    assert changed(before, everything(project)) == [str(project / ".env")]


@pytest.mark.long
def test_what_is_not_committed_in_the_project_is_named(project: Path, climb: Climb) -> None:
    (project / "mine.txt").write_text("mine\n")
    before = everything(project)

    run = climb(project, "--to", 2)

    assert run.code == 1
    assert "uncommitted changes: systems/demo/mine.txt; commit or stash them" in run.err
    assert changed(before, everything(project)) == []


@pytest.mark.long
def test_conflicts_are_taken_back_with_what_is_said(project: Path, climb: Climb) -> None:
    replace(project / "tools/gates.toml", "level = 1", "level = 1  # still")
    git(project, "commit", "--quiet", "--message", "edited", "--", ".")
    before = everything(project)

    run = climb(project, "--to", 2, "--keep-conflicts")

    assert run.code == 1
    _, _, said = run.err.partition("take all back with `")
    undo, _, _ = said.partition("`")
    subprocess.run(shlex.split(undo), cwd=project, check=True, capture_output=True)
    assert around(project) == AT_WORK
    assert changed(before, everything(project)) == [str(project / ".env")]


def moved_into(top: Path, project: Path) -> None:
    """Let the project lie in a repository that begins above it."""
    shutil.rmtree(project / ".git")
    git(top, "init", "--quiet")
    commit_all(top, "all")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name == "de\nmo" else pytest.mark.long) for name in ODD_NAMES],
)
def test_odd_names_of_folders(name: str, level_1: Path, tmp_path: Path, climb: Climb) -> None:
    """Some of git's commands read a path a line, from the top of the repository."""
    project = copy_of(level_1, tmp_path / "all" / name)
    moved_into(tmp_path / "all", project)

    run = climb(project, "--to", 2)

    assert run.code == 0, run.err
    assert (project / NEW).exists()
    assert git(project, "diff", "--name-only") == ""


@pytest.mark.long
def test_plain_copier(project: Path) -> None:
    before = everything(project)
    run = update(project, *to(2))

    assert run.returncode == 1
    assert "  deleted.txt: it was deleted in this repository" in run.stderr
    assert changed(before, everything(project)) == []

    git(project, "rm", "--quiet", "--cached", ":/deleted.txt")
    at_work = around(project)
    run = update(project, *to(2))

    assert run.returncode == 0, run.stderr
    assert around(project) == at_work
    assert git(project, "diff", "--name-only", "--", ".") == ""

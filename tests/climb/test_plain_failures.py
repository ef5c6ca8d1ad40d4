"""An update by Copier that fails after Copier wrote: what is said of the project is so."""

import errno
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from copier.errors import CopierError

from ferrata.base import one_line
from ferrata.template.home import load_module
from tests.climb.conftest import Climb
from tests.climb.support import LISTS, listed, state
from tests.climb.test_one_step import git_folder, is_level_2, litter
from tests.climb.trees import changed, everything
from tests.support import commit_all, files_of, git

pytestmark = pytest.mark.usefixtures("quick")
FULL = OSError(errno.ENOSPC, "No space left on device")
NO_PROCESS = "999999999"
Hook = Any
Told = Callable[[], str]


@pytest.fixture
def hook(
    template: Path,
    level_1: Path,
    fresh_2: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Hook:
    """What Copier runs last, with files that are rendered already, and no network."""
    loaded = load_module(template / "hooks/after_update.py")
    steps = loaded.steps()
    monkeypatch.setattr(steps, "lock", lambda folder: (folder / "uv.lock").write_text("1\n"))
    monkeypatch.setattr(steps, "locked", lambda _: True)

    def rendered(_: Path, __: str, recorded: Mapping[str, Any], target: Path) -> Path:
        made = {1: level_1, 2: fresh_2}[recorded["level"]]
        without = shutil.ignore_patterns(".git", ".env", "uv.lock")
        return Path(shutil.copytree(made, target, symlinks=True, ignore=without))

    monkeypatch.setattr(loaded, "render", rendered)
    return loaded


def put_aside(hook: Hook, project: Path, fresh_2: Path) -> None:
    machine = hook.updating()
    paths = frozenset(listed(fresh_2, LISTS[0]) | listed(fresh_2, LISTS[1]))
    repository = machine.Repository(project, project)
    known = dict.fromkeys(git(project, "ls-files", "-z").split("\0"))
    machine.put_aside(repository, SimpleNamespace(template=paths, before=known))


def written_by_copier(project: Path, fresh_2: Path) -> None:
    """As Copier leaves a project: the new files are there, seeds that were deleted too."""
    for path in sorted(listed(fresh_2, LISTS[0]) | listed(fresh_2, LISTS[1])):
        theirs = path in listed(fresh_2, LISTS[1])
        if theirs or not (project / path).exists():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(fresh_2 / path, project / path)
    shutil.copy2(fresh_2 / ".copier-answers.yml", project / ".copier-answers.yml")
    (project / "README.md.rej").write_text("rejected\n")


@pytest.fixture
def told(
    hook: Hook,
    project: Path,
    fresh_2: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Told:
    """Run it where Copier wrote, and give the one line that it says."""

    def run() -> str:
        put_aside(hook, project, fresh_2)
        written_by_copier(project, fresh_2)
        monkeypatch.chdir(project)
        capfd.readouterr()
        assert hook.main() == 1
        err = capfd.readouterr().err
        assert err.count("\n") == 1, err
        return one_line(err)

    return run


def raises(error: BaseException) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("planned", FULL),
        ("planned", CopierError("the template is broken")),
        ("render", KeyError("entities")),
        ("TemporaryDirectory", FULL),
        ("in_the_way", RuntimeError("nobody expected it")),
    ],
)
def test_what_fails_leaves_the_project_as_before(
    place: str,
    error: BaseException,
    hook: Hook,
    project: Path,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = state(project)
    owner = {"render": hook, "TemporaryDirectory": hook.tempfile}.get(place, hook.updating())
    monkeypatch.setattr(owner, place, raises(error))

    said = told()

    assert said.startswith("the update failed: ")
    assert said.endswith("; the project is as before")
    assert str(error.args[-1]) in said
    assert state(project) == before
    assert litter(project) == []


def test_what_cannot_be_taken_back_is_not_said_to_be(
    hook: Hook,
    project: Path,
    told: Told,
    fresh_2: Path,
    climb: Climb,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is said to be typed then brings the project back."""
    before, journal = state(project), hook.updating().Journal
    with monkeypatch.context() as broken:
        broken.setattr(journal, "finish", raises(FULL))
        broken.setattr(journal, "take_back", raises(OSError(errno.EIO, "I/O error")))
        said = told()

    assert "as before" not in said
    assert "No space left on device" in said
    assert "I/O error" in said
    _type_what_is_said(said, project)
    assert state(project).status == before.status
    assert state(project).head == before.head

    assert climb(project, "--to", 2).code == 0
    assert litter(project) == []
    is_level_2(project, fresh_2)


def test_copiers_result_that_cannot_be_taken_back_is_not_said_to_be(
    hook: Hook, project: Path, told: Told, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(project)
    with monkeypatch.context() as broken:
        broken.setattr(hook.updating(), "take_copier_back", raises(FULL))
        said = told()

    assert "as before" not in said
    assert (project / "README.md.rej").exists()
    _nobody_is_at_work(project)
    refused = climb(project, "--to", 2).err
    assert "`copier update` ended half-way: take back what it wrote" in refused
    assert "stash" not in refused
    _type_what_is_said(said, project)
    assert state(project) == before
    assert climb(project, "--to", 2).code == 0
    assert litter(project) == []


def _type_what_is_said(said: str, project: Path) -> None:
    for lock in re.findall(r"remove (\S+), then", said):
        Path(lock).unlink()
    for command in said.partition("`")[2].partition("`")[0].split(" && "):
        subprocess.run(shlex.split(command), cwd=project, check=True, capture_output=True)


def _nobody_is_at_work(project: Path) -> None:
    (git_folder(project) / "ferrata-update.aside/process").write_text(NO_PROCESS)


@pytest.fixture
def with_ignored_seeds(project: Path) -> Path:
    """A project whose owners let git ignore a folder that was seeded."""
    with (project / ".gitignore").open("a") as ignored:
        ignored.write("/deploy/local/\n")
    git(project, "rm", "-rq", "--cached", "deploy/local")
    (project / "deploy/local/mine.mk").write_text("mine:\n")
    (project / "deploy/local/compose.yml").write_text("services: {}  # mine\n")
    commit_all(project, "edited")
    return project


def test_what_copier_took_away_before_a_kill_is_put_back_by_a_climb(
    with_ignored_seeds: Path, hook: Hook, fresh_2: Path, climb: Climb
) -> None:
    project = with_ignored_seeds
    before = everything(project)
    put_aside(hook, project, fresh_2)
    (project / "deploy/local/compose.yml").unlink()
    _nobody_is_at_work(project)

    looked = climb(project, "--to", 2, "--dry-run")

    assert looked.code == 0, looked.err
    assert "it had taken away is there again: deploy/local/compose.yml" in looked.err
    assert changed(before, everything(project)) == []
    assert litter(project) == []
    assert climb(project, "--to", 2).code == 0


def test_what_copier_keeps_while_it_is_at_work_is_left_alone(
    with_ignored_seeds: Path, hook: Hook, fresh_2: Path, climb: Climb
) -> None:
    project = with_ignored_seeds
    put_aside(hook, project, fresh_2)
    aside = git_folder(project) / "ferrata-update.aside"
    kept = files_of(aside)
    assert (aside / "process").read_text() == str(os.getppid())

    assert climb(project, "--to", 2, "--dry-run").code == 0

    assert files_of(aside) == kept

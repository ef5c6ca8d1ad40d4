"""Writing a climb: the old project or the new one, whatever fails, also after a kill."""

import errno
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ferrata.base import one_line
from ferrata.template import updates
from tests import turns
from tests.climb.conftest import Climb
from tests.climb.support import LISTS, listed, state
from tests.climb.trees import changed, everything
from tests.support import commit_all, files_of, git

pytestmark = [pytest.mark.usefixtures("quick"), turns.single_steps]
ANSWERS = ".copier-answers.yml"
SETTINGS = "services/team_tasks_api/src/team_tasks_api/settings.py"
# Moves of files in a climb to level 2, which takes some more than the last.
MOVES = [1, 2, 20, 40, 60]


class Killed(BaseException):
    """Stands for a kill: nothing that comes after it is run."""


@contextmanager
def stopped_at(
    number: int, error: BaseException, monkeypatch: pytest.MonkeyPatch, project: Path
) -> Iterator[list[Path]]:
    """Let a move of a file into or out of the project fail; a kill lets nothing be put right."""
    rename, moves = Path.rename, []

    def counted(self: Path, target: Path) -> Path:
        if self.is_relative_to(project) or Path(target).is_relative_to(project):
            moves.append(self)
            if len(moves) == number:
                raise error
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", counted)
        if isinstance(error, Killed):
            journal = updates().updating().Journal
            patch.setattr(journal, "take_back", lambda _: None)
            patch.setattr(journal, "clear", lambda _: None)
        yield moves


def killed(project: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    with stopped_at(number, Killed(), monkeypatch, project):
        run = climb(project, "--to", 2)
    assert "Killed" in run.err


def is_level_2(project: Path, fresh_2: Path) -> None:
    for path in listed(fresh_2, LISTS[1]):
        assert (project / path).read_bytes() == (fresh_2 / path).read_bytes(), path
    assert git(project, "diff", "--name-only") == ""


def git_folder(project: Path) -> Path:
    return Path(git(project, "rev-parse", "--absolute-git-dir").removesuffix("\n"))


def files_moved(project: Path) -> bool:
    """Say whether an update is in the middle of writing."""
    return any(names for _, _, names in os.walk(project / ".git/ferrata-update/old"))


def litter(project: Path) -> list[str]:
    """What an update leaves in git's own folder, but for the lock that no kill can leave locked."""
    found = [path.name for path in git_folder(project).glob("*ferrata*")]
    return [name for name in found if name != "ferrata-update.lock"] + [
        path.name for path in git_folder(project).glob("index.lock")
    ]


@pytest.mark.parametrize("number", [pytest.param(n, marks=pytest.mark.long) for n in MOVES])
def test_a_machine_that_refuses(
    number: int, project: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_taken_back_at(number, project, climb, monkeypatch)


def is_taken_back_at(
    number: int, project: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A climb for which there is no room at some move of a file is not there at all."""
    before = state(project)
    error = OSError(errno.ENOSPC, "No space left on device")

    with stopped_at(number, error, monkeypatch, project) as moves:
        run = climb(project, "--to", 2)

    assert len(moves) >= number
    assert run.code == 1
    assert one_line(run.err) == (
        "ferrata: the climb could not be written: No space left on device; everything is as before"
    )
    assert state(project) == before
    assert litter(project) == []


def test_what_cannot_be_cleared_away_takes_no_climb_back(
    project: Path, fresh_2: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git was told already: the climb is there, and is not said to be gone."""
    remove = shutil.rmtree

    def busy(folder: Path, *arguments: Any, **options: Any) -> None:
        if Path(folder).name == "ferrata-update":
            raise OSError(errno.EBUSY, "Device or resource busy")
        remove(folder, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", busy)
        run = climb(project, "--to", 2)

    assert run.code == 0, run.err
    assert "as before" not in run.err
    is_level_2(project, fresh_2)
    commit_all(project, "climbed")
    assert "nothing to do" in climb(project, "--to", 2).out
    assert litter(project) == []


@pytest.mark.parametrize(
    "number", [pytest.param(n, marks=[] if n == MOVES[2] else pytest.mark.long) for n in MOVES]
)
def test_a_kill_is_taken_back_by_the_next_climb(
    number: int, project: Path, fresh_2: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(project)
    killed(project, climb, monkeypatch, number)
    assert (project / ANSWERS).read_bytes() == before.files[ANSWERS]

    looked = climb(project, "--to", 2, "--dry-run")

    assert looked.code == 0, looked.err
    assert "killed half-way; it was taken back first" in looked.err
    assert state(project) == before
    assert litter(project) == []
    assert climb(project, "--to", 2).code == 0
    is_level_2(project, fresh_2)


@pytest.mark.long
def test_a_kill_while_it_is_taken_back(
    project: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(project)
    killed(project, climb, monkeypatch, 60)
    for number in (3, 10, 15):
        with stopped_at(number, OSError(errno.EIO, "I/O error"), monkeypatch, project):
            run = climb(project, "--to", 2)
        assert run.code == 1
        assert "cannot be taken back now: I/O error" in run.err

    assert climb(project, "--to", 2, "--dry-run").code == 0
    assert state(project) == before


@pytest.mark.long
def test_a_kill_before_git_is_told(
    project: Path, fresh_2: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All files are in their places, the answers too, and the index is the old one."""
    before, machine = state(project), updates().updating()

    def kill(_index: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(machine.index.NewIndex, "put_in_place", kill)
        for name in ("take_back", "clear"):
            patch.setattr(machine.Journal, name, lambda _: None)
        assert "Killed" in climb(project, "--to", 2).err
    assert (project / ANSWERS).read_bytes() != before.files[ANSWERS]

    looked = climb(project, "--to", 2, "--dry-run")

    assert looked.code == 0, looked.err
    assert state(project) == before
    assert climb(project, "--to", 2).code == 0
    is_level_2(project, fresh_2)


@pytest.mark.long
def test_a_journal_on_the_projects_own_file_system(
    project: Path, fresh_2: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where git's folder lies elsewhere, as in a worktree on another disk."""
    before, journal = state(project), updates().updating().Journal
    beside = property(lambda self: self.repository.project / ".ferrata-update")
    monkeypatch.setattr(journal, "folder", beside)
    killed(project, climb, monkeypatch, 60)

    looked = climb(project, "--to", 2, "--dry-run")

    assert looked.code == 0, looked.err
    assert state(project) == before
    assert not (project / ".ferrata-update").exists()
    assert climb(project, "--to", 2).code == 0
    is_level_2(project, fresh_2)
    assert not (project / ".ferrata-update").exists()


@pytest.mark.long
def test_what_a_power_cut_left_of_the_journal_is_said(
    project: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(project, climb, monkeypatch, 60)
    facts = git_folder(project) / "ferrata-update/facts.json"
    facts.write_bytes(facts.read_bytes()[:100])

    run = climb(project, "--to", 2)

    assert run.code == 1
    assert f"{facts} cannot be read" in one_line(run.err)
    assert "git checkout" in run.err


@pytest.mark.long
def test_a_kill_after_git_was_told(
    project: Path, fresh_2: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(updates().updating().Journal, "clear", lambda _: None)
        assert climb(project, "--to", 2).code == 0

    run = climb(project, "--to", 2)

    assert "killed at its very end; all of it is in your files and staged" in run.err
    assert "uncommitted changes" in run.err
    is_level_2(project, fresh_2)
    assert litter(project) == []


@pytest.mark.long
def test_what_was_changed_after_a_kill_is_not_overwritten(
    project: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(project)
    killed(project, climb, monkeypatch, 60)
    changed = git(project, "diff", "--name-only").splitlines()
    edited = next(path for path in changed if (project / path).exists())
    (project / edited).write_text("mine\n")

    run = climb(project, "--to", 2)

    assert run.code == 1
    assert f"{edited} was changed since; move your change away" in run.err
    assert (project / edited).read_text() == "mine\n"
    (project / edited).unlink()
    assert climb(project, "--to", 2, "--dry-run").code == 0
    assert state(project) == before


@pytest.mark.long
def test_half_a_climb_is_not_committed_by_accident(
    project: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(project, climb, monkeypatch, 60)

    with pytest.raises(subprocess.CalledProcessError):
        commit_all(project, "half")
    (project / ".git/index.lock").unlink()
    commit_all(project, "half")
    run = climb(project, "--to", 2)

    assert run.code == 1
    assert "git reset --soft" in run.err
    assert "commit or stash" not in run.err


@pytest.mark.long
def test_another_git_command_at_work(project: Path, climb: Climb) -> None:
    (project / ".git/index.lock").write_text("")
    before = state(project)

    run = climb(project, "--to", 2)

    assert run.code == 1
    assert "another git command is at work here" in run.err
    assert state(project) == before
    assert (project / ".git/index.lock").exists()


@pytest.mark.long
def test_a_real_kill(project: Path, fresh_2: Path, climb: Climb) -> None:
    """kill -9 of everything, as soon as files change places."""
    before = state(project)
    command = [sys.executable, "-m", "ferrata", "climb", str(project), "--to", "2"]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE) as run:
        while not files_moved(project):
            assert run.poll() is None
            time.sleep(0.0005)
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()

    looked = climb(project, "--to", 2, "--dry-run")

    assert looked.code == 0, looked.err
    assert state(project) == before
    assert climb(project, "--to", 2).code == 0
    is_level_2(project, fresh_2)


def test_taking_a_climb_back_spares_edits_that_git_overlooks(project: Path, climb: Climb) -> None:
    git(project, "update-index", "--assume-unchanged", SETTINGS)
    (project / SETTINGS).write_text("mine\n")
    before = everything(project)
    run = climb(project, "--to", 2)
    assert run.code == 0, run.err
    [undo] = [line for line in run.out.splitlines() if line.endswith("# or take it back")]

    subprocess.run(shlex.split(undo, comments=True), cwd=project, check=True, capture_output=True)

    left = {str(project / path) for path in (".env", "uv.lock")}
    assert set(changed(before, everything(project))) <= left


def env_of(project: Path) -> bytes:
    return (project / ".env").read_bytes()


def test_the_env_keeps_its_line_ends_and_its_link(project: Path, climb: Climb) -> None:
    (project / ".env").unlink()
    (project / ".venv").mkdir()
    (project / ".venv/env").write_bytes(b"API_PORT=9000\r\n")
    (project / ".env").symlink_to(".venv/env")

    assert climb(project, "--to", 2).code == 0

    assert (project / ".env").readlink() == Path(".venv/env")
    assert env_of(project).startswith(b"API_PORT=9000\r\n")
    assert len(env_of(project).splitlines()) > 1
    assert env_of(project).count(b"\n") == env_of(project).count(b"\r\n")


@pytest.mark.long
def test_an_env_elsewhere_is_not_written(project: Path, climb: Climb) -> None:
    target = project.parent / "env"
    (project / ".env").rename(target)
    (project / ".env").symlink_to(target)
    before = target.read_bytes()

    run = climb(project, "--to", 2)

    assert run.code == 0
    assert target.read_bytes() == before
    assert ".env: is a link to" in run.err


@pytest.mark.long
def test_the_env_is_taken_back_too(
    project: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(project)

    def full(_: Path) -> None:
        assert len(env_of(project).splitlines()) > 1
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(updates().steps(), "lock", full)

    assert climb(project, "--to", 2).code == 1
    assert state(project) == before


# 7. The lock file


def test_packages_are_pinned_where_the_project_is(
    project: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What git ignores or keeps elsewhere is seen, and the files of the climb are there."""
    (project / ".git/info/exclude").write_text("/services/own/\n")
    (project / "services/own").mkdir()
    (project / "services/own/pyproject.toml").write_text("[project]\n")
    seen = []

    def pinned(folder: Path) -> None:
        seen.append(sorted(path.parent.name for path in folder.glob("services/*/pyproject.toml")))
        (folder / "uv.lock").write_text("version = 2\n")

    monkeypatch.setattr(updates().steps(), "lock", pinned)

    assert climb(project, "--to", 2).code == 0
    assert seen == [["own", "team_data_postgres_api", "team_tasks_api"]]
    assert git(project, "show", ":uv.lock") == "version = 2\n"


def test_offline_says_so_and_the_next_climb_catches_up(
    project: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = updates().steps()
    (project / "uv.lock").write_text("version = 1\n")
    commit_all(project, "locked")
    pinned = steps.lock

    def offline(_: Path) -> None:
        raise steps.NotRun("no network")

    monkeypatch.setattr(steps, "lock", offline)
    first = climb(project, "--to", 2)
    assert first.code == 0
    assert "uv.lock: NOT RUN: no network; the next climb catches up" in first.err
    commit_all(project, "climbed")

    monkeypatch.setattr(steps, "lock", lambda folder: (folder / "uv.lock").write_text("new\n"))
    monkeypatch.setattr(steps, "locked", lambda _: False)
    second = climb(project)

    assert second.code == 0, second.err
    assert git(project, "show", ":uv.lock") == "new\n"
    assert git(project, "diff", "--cached", "--name-only") == "uv.lock\n"
    assert pinned is not steps.lock


def test_half_a_lock_file_is_taken_back(
    project: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = updates().steps()
    (project / "uv.lock").write_text("version = 1\n")
    commit_all(project, "locked")

    def full(folder: Path) -> None:
        (folder / "uv.lock").write_text("vers")
        raise steps.NotRun("No space left on device")

    monkeypatch.setattr(steps, "lock", full)

    run = climb(project, "--to", 2)

    assert run.code == 0, run.err
    assert "uv.lock: NOT RUN: No space left on device; the next climb catches up" in run.err
    assert (project / "uv.lock").read_text() == "version = 1\n"
    assert git(project, "diff", "HEAD", "--name-only", "--", "uv.lock") == ""


@pytest.mark.long
@pytest.mark.parametrize("kind", ["link", "folder", "special file"])
def test_what_is_no_lock_file_is_kept(kind: str, project: Path, climb: Climb) -> None:
    lock = project / "uv.lock"
    if kind == "link":
        (project / "services/locked").write_text("version = 1\n")
        lock.symlink_to("services/locked")
    elif kind == "folder":
        lock.mkdir()
        (lock / "mine.txt").write_text("mine\n")
    else:
        os.mkfifo(lock)
    commit_all(project, "edited")
    before = everything(project)

    run = climb(project, "--to", 2)

    assert run.code == 0, run.err
    assert f"uv.lock: your {kind} stands there and is kept" in run.err
    theirs = {str(project / path) for path in (*listed(project, LISTS[1]), ".env", LISTS[0])}
    differing = {path for path in changed(before, everything(project)) if path in before}
    assert differing - {"staged"} <= theirs
    commit_all(project, "climbed")
    assert "nothing to do" in climb(project, "--to", 2).out


def test_everything_of_a_dry_run_is_in_a_folder_of_its_own(project: Path, climb: Climb) -> None:
    objects = project / ".git/objects"
    before = {path for path in objects.rglob("*") if path.is_file()}
    files = files_of(project)

    assert climb(project, "--to", 2, "--dry-run").code == 0

    assert {path for path in objects.rglob("*") if path.is_file()} == before
    assert files_of(project) == files

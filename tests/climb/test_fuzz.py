"""Climbs and updates of projects in which anything may stand: nothing is lost or half-done."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests import turns
from tests.climb.conftest import Climb, Fresh
from tests.climb.support import LISTS, copy_of, listed, to, update, update_command
from tests.climb.test_one_step import Killed, git_folder, litter, stopped_at
from tests.climb.trees import FOLDER, changed, everything, is_boxed, odd
from tests.support import files_of, git

pytestmark = pytest.mark.usefixtures("quick")
SEEDS = 200
GOALS: list[tuple[int, tuple[str, ...]]] = [
    (2, ()),
    (1, ("rabbitmq",)),
    (2, ("redis",)),
    (2, ("workers", "files")),
    (3, ()),
]
# One in seven is an update by Copier alone, and most of those are killed first.
UPDATE, KILLED, KILLED_S = 7, 0.7, 8.0
Told = tuple[int, str]
Way = Callable[[], Told]


def is_update(number: int) -> bool:
    return number % UPDATE == UPDATE - 1


@turns.odd_seeds
@pytest.mark.parametrize("number", range(SEEDS))
def test_an_odd_tree(
    number: int,
    level_1: Path,
    fresh: Fresh,
    tmp_path: Path,
    climb: Climb,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    level, modules = GOALS[number % len(GOALS)]
    goal = fresh(level, *modules)
    new = sorted((listed(goal, LISTS[1]) | listed(goal, LISTS[0])) - files_of(level_1).keys())
    project = copy_of(level_1, tmp_path / "place/demo")
    chance = odd(number, project, new, level_1)
    before = everything(project)

    if is_update(number):
        way = _updating(project, level, modules)
        if chance.random() < KILLED and not _overlooks(project):
            _killed_at_any_time(chance, project, level, modules)
            if chance.random() < 0.5:
                _says_nothing_false(climb, project, level, modules)
            _taken_back_by_hand(project, before)
    else:
        way = _climbing(project, level, modules, climb)
        if chance.random() < 0.3:
            with stopped_at(chance.randint(1, 40), Killed(), monkeypatch, project):
                way()
            run = climb(project, *_asked(level, modules), "--dry-run")
            assert run.code in {0, 1}, run.err
            assert changed(before, everything(project)) == []

    code, told = way()

    assert code in {0, 1}, told
    assert "Traceback" not in told, told
    # What is refused is refused for something of the owners', which is named.
    assert "worked out" not in told, told
    assert "git could not" not in told, told
    after = everything(project)
    if code and "CONFLICTS" not in told:
        assert changed(before, after) == [], told
        return
    _nothing_is_lost(before, after, project, level_1)
    _template_is_fresh(before, project, level_1, goal)
    if not code:
        assert git(project, "diff", "--name-only") == ""
    assert litter(project) == []


def _asked(level: int, modules: tuple[str, ...]) -> list[object]:
    return ["--to", level, *(word for name in modules for word in ("--add", name))]


def _climbing(project: Path, level: int, modules: tuple[str, ...], climb: Climb) -> Way:
    def run() -> Told:
        done = climb(project, *_asked(level, modules))
        assert done.code != 1 or done.err.startswith("ferrata: "), done.err
        return done.code, done.err

    return run


def _updating(project: Path, level: int, modules: tuple[str, ...]) -> Way:
    def run() -> Told:
        done = update(project, *to(level, modules))
        return done.returncode, done.stderr

    return run


def _overlooks(project: Path) -> bool:
    """Say whether git was told to overlook something, which a reset would not spare."""
    return any(not line.startswith("H") for line in git(project, "ls-files", "-v").splitlines())


def _killed_at_any_time(
    chance: random.Random, project: Path, level: int, modules: tuple[str, ...]
) -> None:
    """Kill -9 of everything."""
    with update_command(project, *to(level, modules)) as run:
        time.sleep(chance.uniform(0.5, KILLED_S))
        os.killpg(run.pid, signal.SIGKILL)


def _says_nothing_false(climb: Climb, project: Path, level: int, modules: tuple[str, ...]) -> None:
    """A climb then goes on from the last commit, or says how to come back to it."""
    # Where this is gone, it was killed when all was done: that is there to be committed.
    half_way = (git_folder(project) / "ferrata-update.aside").exists()
    run = climb(project, *_asked(level, modules), "--dry-run")
    assert run.code in {0, 1}, run.err
    assert not half_way or "commit or stash" not in run.err


def _taken_back_by_hand(project: Path, before: Mapping[str, object]) -> None:
    """Git brings the last commit back, and nothing else is missing."""
    (git_folder(project) / "index.lock").unlink(missing_ok=True)
    git(project, "reset", "--quiet", "--hard")
    git(project, "clean", "--quiet", "-d", "--force")
    # A folder with nothing in it is nothing for Git: it goes with what came to be in it.
    empty = {p for p in before if not any(other.startswith(f"{p}/") for other in before)}
    empty = {path for path in empty if before[path] == FOLDER}
    assert [path for path in changed(before, everything(project)) if path not in empty] == []


def _nothing_is_lost(
    before: Mapping[str, object], after: Mapping[str, object], project: Path, level_1: Path
) -> None:
    """All that is not the template's is as it was, and edits of the template's are in it."""
    theirs = listed(project, LISTS[1])
    for place, kind in before.items():
        path = os.path.relpath(place, project)
        if place == "staged" or path in {".env", "uv.lock"}:
            continue
        if path not in theirs and kind != FOLDER:
            assert after.get(place) == kind, path
        elif after.get(place) != kind and path in theirs and (level_1 / path).is_file():
            _edits_are_in(path, project, level_1)


def _edits_are_in(path: str, project: Path, level_1: Path) -> None:
    """Every line that its owners put into a file of the template's, as git keeps it."""
    read = git(project, "cat-file", "--filters", f"HEAD:./{path}")
    edited = read.encode(errors="surrogateescape")
    now = (project / path).read_bytes().replace(b"\r\n", b"\n").split(b"\n")
    original = Counter((level_1 / path).read_bytes().split(b"\n"))
    lines = Counter(now)
    for line in Counter(edited.replace(b"\r\n", b"\n").split(b"\n")) - original:
        assert lines[line], (path, line)


def _template_is_fresh(
    before: Mapping[str, object], project: Path, level_1: Path, goal: Path
) -> None:
    """What nobody edited is what a fresh project has."""
    staged = _staged(project)
    names = git(goal, "hash-object", "--no-filters", *sorted(listed(goal, LISTS[1]))).split()
    for path, name in zip(sorted(listed(goal, LISTS[1])), names, strict=True):
        was = before.get(str(project / path))
        file = level_1 / path
        untouched = was is None or (
            isinstance(was, tuple)
            and file.is_file()
            and was == (file.stat().st_mode, file.read_bytes())
        )
        if untouched and path.endswith(".md") and is_boxed(project):
            assert (project / path).read_bytes() == (goal / path).read_bytes(), path
        elif untouched:
            assert staged.get(path) == name, path


def _staged(project: Path) -> dict[str, str]:
    entries = git(project, "ls-files", "--stage", "-z").split("\0")[:-1]
    return {path: facts.split()[1] for facts, _, path in (one.partition("\t") for one in entries)}

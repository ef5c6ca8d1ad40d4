"""A module that comes to a living project: in whatever order, and nothing of its owners' is lost."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests import turns
from tests.climb.conftest import Climb
from tests.climb.support import (
    LISTS,
    answers,
    apply_edit,
    copy_of,
    edits,
    listed,
    new_project,
    render,
    state,
)
from tests.support import MODULES, commit_all, extension, files_of, run

PAIRS = list(itertools.combinations(MODULES, 2))
# What owners did in the places that are theirs; together, for one project has all of it.
OWN = (
    "deleted_seed",
    "entity_with_router",
    "own_container",
    "own_dependency",
    "own_make_target",
    "own_setting",
    "rewritten_use_case",
)
ORDERS: list[Callable[[str], list[list[object]]]] = [
    lambda name: [["--add", name], ["--to", 2]],
    lambda name: [["--to", 2], ["--add", name]],
    lambda name: [["--to", 2, "--add", name]],
]


@pytest.fixture(scope="session")
def lived_in(level_1: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project at level 1 in which its owners did all that, for reading."""
    project = copy_of(level_1, tmp_path_factory.mktemp("lived-in") / "demo")
    for edit in edits():
        if edit.name in OWN:
            apply_edit(edit, project, {})
    return project


@pytest.fixture
def living(lived_in: Path, tmp_path: Path) -> Path:
    """The same, to be climbed with."""
    return copy_of(lived_in, tmp_path / "demo")


@turns.climbs
@pytest.mark.parametrize("name", MODULES)
def test_it_comes_at_level_1(
    name: str, living: Path, template: Path, climb: Climb, tmp_path: Path
) -> None:
    before = files_of(living)

    done = climb(living, "--add", name)

    assert done.code == 0, done.err
    told = [line for line in done.out.splitlines() if line.strip() in behaviour(name)]
    assert len(told) == len(behaviour(name))
    fresh = render(template, answers(modules=[name]), tmp_path / "fresh")
    _same(living, fresh)
    _nothing_is_lost(before, living)
    commit_all(living, "added")
    climbed = state(living)
    assert "nothing to do" in climb(living, "--add", name).out
    assert state(living) == climbed


@turns.climbs
@pytest.mark.about("workers", "rabbitmq")
def test_what_another_module_brought_is_said_to_be_there(living: Path, climb: Climb) -> None:
    assert climb(living, "--add", "workers").code == 0
    commit_all(living, "workers")

    told = climb(living, "--add", "rabbitmq", "--dry-run").out

    assert "module rabbitmq, there already" in told


@pytest.mark.long
@pytest.mark.parametrize("order", ORDERS, ids=["module-first", "level-first", "at-once"])
@pytest.mark.parametrize("name", MODULES)
def test_in_every_order_the_same_comes_out(
    name: str,
    order: Callable[[str], list[list[object]]],
    living: Path,
    template: Path,
    climb: Climb,
    tmp_path: Path,
) -> None:
    before = files_of(living)

    for step in order(name):
        done = climb(living, *step)
        assert done.code == 0, done.err
        commit_all(living, f"step {step}")

    fresh = render(template, answers(level=2, modules=[name]), tmp_path / "fresh")
    _same(living, fresh)
    _nothing_is_lost(before, living)


@pytest.mark.long
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_one_after_the_other_is_both_at_once(
    pair: tuple[str, str], living: Path, template: Path, climb: Climb, tmp_path: Path
) -> None:
    for name in reversed(pair):
        done = climb(living, "--add", name)
        assert done.code == 0, done.err
        commit_all(living, f"with {name}")

    fresh = render(template, answers(modules=list(pair)), tmp_path / "fresh")
    _same(living, fresh)


@pytest.fixture(scope="session")
def homes() -> Iterator[Path]:
    """A folder for projects that run: not under pytest's own, see the fixture `installed`."""
    with TemporaryDirectory(prefix="with-module-") as folder:
        yield Path(folder)


@pytest.mark.long
@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("name", MODULES)
def test_the_owners_tests_pass_with_it(
    name: str, level: int, template: Path, climb: Climb, homes: Path
) -> None:
    project = new_project(template, homes / f"{name}-{level}", level=level)
    for edit in edits():
        if edit.name in {"field_with_migration", "own_setting", "rewritten_use_case"}:
            apply_edit(edit, project, {})
    assert run(project, "uv", "sync", "--all-packages", "--quiet").returncode == 0
    commit_all(project, "locked")

    done = climb(project, "--add", name)

    assert done.code == 0, done.err
    assert run(project, "uv", "sync", "--all-packages", "--quiet").returncode == 0
    for command in (["mypy", "."], ["lint-imports"], ["pytest", "-q", "services", "modules"]):
        tried = run(project, "uv", "run", "--all-packages", "--quiet", *command)
        assert tried.returncode == 0, tried.stdout


def behaviour(name: str) -> list[str]:
    """What the climb says will be different, and what the modules say that come along."""
    brought = {"level_1", *extension().closure(1, [name])}
    rows = extension().catalog()["behaviour"]
    return [row["line"] for row in rows if {*row["layers"]} <= brought]


def _same(project: Path, fresh: Path) -> None:
    """Compare what is the template's, and the seeds that are new; `.env` and the lock are owners'."""
    after, expected = files_of(project), files_of(fresh)
    theirs = listed(fresh, LISTS[1])
    assert listed(project, LISTS[1]) == theirs
    assert listed(project, LISTS[0]) == listed(fresh, LISTS[0])
    for path in theirs:
        assert after[path] == expected[path], path


def _nothing_is_lost(before: dict[str, bytes], project: Path) -> None:
    """What owners had is as it was, and what they deleted stays gone."""
    after, theirs = files_of(project), listed(project, LISTS[1])
    for path in before.keys() - theirs - {".env", LISTS[0]}:
        assert after[path] == before[path], path
    for path in (
        "README.md",
        "services/team_tasks_api/src/team_tasks_api/application/tasks/delete_task.py",
    ):
        assert path not in after

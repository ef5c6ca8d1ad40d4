"""Growing in breadth, exhaustively: every edit, every level, and a kill at any moment."""

import dataclasses
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import yaml

from tests.cli.support import Run
from tests.climb.growth import FIELDS, NOTE, VERSIONS
from tests.climb.support import (
    LISTS,
    Edit,
    State,
    answers,
    apply_edit,
    copy_of,
    edits,
    listed,
    new_project,
    state,
    update,
)
from tests.support import MODULES, commit_all, files_of, render

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("quick")]

CLEAN = [edit for edit in edits() if not edit.code]
# Edits by which a file is gone or another one in which new lines belong.
LEFT = {
    "entity": {"deleted_seed"},
    "field": {"deleted_seed", "reformatted_seed", "renamed_seed"},
}
MOMENTS = 10
AT = [(1, ()), (2, ("redis", "workers")), (3, ()), (4, tuple(MODULES))]
at_each_level = pytest.mark.parametrize(
    ("level", "modules"),
    AT,
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else str(value),
)


@pytest.fixture
def note(tmp_path: Path) -> Path:
    file = tmp_path / "note.yml"
    file.write_text(yaml.safe_dump(NOTE), "utf-8")
    return file


def arguments(kind: str, note: Path) -> list[object]:
    return ["entity", note] if kind == "entity" else ["field", "task", *FIELDS]


@pytest.fixture(scope="session")
def at(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Projects at a level with modules, for reading."""

    @cache
    def made(level: int, modules: tuple[str, ...]) -> Path:
        folder = tmp_path_factory.mktemp("at") / "demo"
        return new_project(template, folder, level=level, modules=[*modules])

    return made


@at_each_level
@pytest.mark.parametrize("kind", ["entity", "field"])
@pytest.mark.parametrize("edit", [pytest.param(edit, id=edit.name) for edit in CLEAN])
def test_an_edit(
    edit: Edit,
    kind: str,
    level: int,
    modules: tuple[str, ...],
    at: Callable[..., Path],
    tmp_path: Path,
    note: Path,
    names: dict[str, str],
    ferrata_in: Callable[..., Run],
) -> None:
    original = at(level, modules)
    project = copy_of(original, tmp_path / "demo")
    apply_edit(edit, project, names)
    before = state(project)

    run = ferrata_in("add", *arguments(kind, note), "--project", project)

    assert run.code == (1 if edit.name in LEFT[kind] else 0), run.err
    if run.code:
        assert state(project) == before
        assert "\n    + " in run.err
        return
    _nothing_is_lost(original, before, project)
    _is_whole(project, lambda: ferrata_in("add", *arguments(kind, note), "--project", project))


@at_each_level
@pytest.mark.parametrize("kind", ["entity", "field"])
def test_all_edits_at_once(
    kind: str,
    level: int,
    modules: tuple[str, ...],
    at: Callable[..., Path],
    tmp_path: Path,
    note: Path,
    names: dict[str, str],
    ferrata_in: Callable[..., Run],
) -> None:
    original = at(level, modules)
    project = copy_of(original, tmp_path / "demo")
    for edit in CLEAN:
        if not edit.alone and edit.name not in LEFT[kind]:
            apply_edit(edit, project, names)
    second = project / VERSIONS / "0002_estimate.py"
    second.write_text(second.read_text().replace('"0001"', '"0001_labels"'))
    commit_all(project, "one migration after the other")
    before = state(project)

    run = ferrata_in("add", *arguments(kind, note), "--project", project)

    assert run.code == 0, run.err
    _nothing_is_lost(original, before, project)
    _is_whole(project, lambda: ferrata_in("add", *arguments(kind, note), "--project", project))


def _is_whole(project: Path, again: Callable[[], Run]) -> None:
    """It is Python, and to add the same again is nothing."""
    for file in project.rglob("services/**/*.py"):
        compile(file.read_bytes(), file, "exec")
    commit_all(project, "grown")
    there = state(project)
    run = again()
    assert (run.code, state(project)) == (0, there), run.err


def _nothing_is_lost(untouched: Path, before: State, project: Path) -> None:
    """Every line that their owners wrote is there, and what they took out is not back."""
    original, after = files_of(untouched), files_of(project)
    for path in before.files.keys() - listed(project, LISTS[1]) - {".env"}:
        theirs = set(before.files[path].splitlines()) - set(original.get(path, b"").splitlines())
        gone = theirs - set(after[path].splitlines())
        assert all(line.startswith(b"from ") for line in gone), (path, gone)
    for path in listed(untouched, LISTS[0]) - before.files.keys():
        assert path not in after, path


@pytest.mark.parametrize(
    ("level", "modules"),
    [(1, ("workers",)), (2, ("redis", "bot")), (3, ()), (4, tuple(MODULES))],
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else str(value),
)
def test_at_any_level_it_is_what_a_new_project_has(
    level: int,
    modules: tuple[str, ...],
    template: Path,
    note: Path,
    tmp_path: Path,
    ferrata_in: Callable[..., Run],
) -> None:
    given = {"level": level, "modules": list(modules)}
    project = new_project(template, tmp_path / "demo", **given)

    run = ferrata_in("add", "entity", note, "--project", project)
    assert run.code == 0, run.err
    commit_all(project, "note")
    run = ferrata_in(
        "add", "field", "note", "stage:enum=idea:plan,default=idea", "--project", project
    )
    assert run.code == 0, run.err

    stage = {"name": "stage", "type": "enum", "values": ["idea", "plan"], "default": "idea"}
    entities = [*answers()["entities"], {**NOTE, "fields": [*NOTE["fields"], stage]}]
    _is_fresh(project, render(template, answers(**given, entities=entities), tmp_path / "fresh"))


def test_then_it_climbs_to_where_a_new_project_is(
    template: Path, project: Path, note: Path, tmp_path: Path, ferrata_in: Callable[..., Run]
) -> None:
    assert ferrata_in("add", "entity", note, "--project", project).code == 0
    commit_all(project, "note")

    for step in (("climb", project, "--to", 2), ("add", "module", "redis", "--project", project)):
        run = ferrata_in(*step)
        assert run.code == 0, run.err
        commit_all(project, "climbed")

    given = answers(level=2, modules=["redis"], entities=[*answers()["entities"], NOTE])
    _is_fresh(project, render(template, given, tmp_path / "fresh"))


def _is_fresh(project: Path, new: Path) -> None:
    """All is as in a new project, but for the migrations and what is made in a folder."""
    after, fresh = files_of(project), files_of(new)
    made = {".env", "uv.lock"} | {path for path in after if path.startswith(VERSIONS)}
    assert after.keys() - made == {path for path in fresh if not path.startswith(VERSIONS)}
    assert [path for path in sorted(after.keys() - made) if after[path] != fresh[path]] == []


@pytest.mark.parametrize(
    ("level", "modules"), AT[:2], ids=["at-level-1", "at-level-2-with-modules"]
)
def test_a_kill_at_any_moment(
    level: int,
    modules: tuple[str, ...],
    at: Callable[..., Path],
    note: Path,
    tmp_path: Path,
    ferrata_in: Callable[..., Run],
) -> None:
    """The project is as it was, or as it should be; what is left half-way, the next run takes back."""
    project = at(level, modules)
    command = [sys.executable, "-m", "ferrata", "add", "entity", str(note), "--project"]
    whole = copy_of(project, tmp_path / "whole")
    begun = time.monotonic()
    subprocess.run([*command, str(whole)], check=True, capture_output=True)
    seconds = time.monotonic() - begun
    wanted, chance = state(whole), random.Random(level)  # noqa: S311
    # It writes at its very end.
    moments = [chance.uniform(0, 1.1) for _ in range(MOMENTS // 2)]
    moments += [chance.uniform(0.7, 1.1) for _ in range(MOMENTS // 2)]
    for number, moment in enumerate(moments):
        demo = copy_of(project, tmp_path / f"demo-{number}")
        before = state(demo)
        with subprocess.Popen(
            [*command, str(demo)],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as run:
            time.sleep(moment * seconds)
            os.killpg(run.pid, signal.SIGKILL)
        ferrata_in("add", "entity", note, "--dry-run", "--project", demo)
        found = state(demo)
        done = without_env(found) == without_env(wanted)
        assert found == before or done, f"killed after {moment:.2f} of {seconds:.1f} s"
        if not done:
            assert ferrata_in("add", "entity", note, "--project", demo).code == 0
            assert without_env(state(demo)) == without_env(wanted)


def without_env(found: State) -> State:
    """A state without .env, of which each run makes another one with random secrets."""
    files = {path: text for path, text in found.files.items() if path != ".env"}
    return dataclasses.replace(found, files=files)


def test_plain_copier_names_the_command(project: Path) -> None:
    before = state(project)
    given = yaml.safe_dump([*answers()["entities"], NOTE], default_flow_style=True, width=10_000)

    run = update(project, "--vcs-ref=:current:", f"--data=entities={given.strip()}")

    assert run.returncode == 1
    assert "ferrata add entity" in run.stderr
    assert state(project) == before

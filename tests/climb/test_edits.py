"""For every edit in the library: a clean climb that keeps it, or nothing changed and a reason."""

import difflib
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests import turns
from tests.climb.conftest import Climb, Fresh
from tests.climb.support import (
    LISTS,
    Edit,
    State,
    apply_edit,
    copy_of,
    edits,
    listed,
    named,
    new_paths,
    new_project,
    state,
)
from tests.support import commit_all, files_of, git

EDITS = edits()
CLEAN = [edit for edit in EDITS if not edit.code]
CONFLICTS = [edit for edit in EDITS if edit.code and not edit.early]
# A module besides, so that there are new seeds too.
UP = ("--to", 2, "--add", "files")


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(edit, id=edit.name, marks=[] if edit.early else pytest.mark.long)
        for edit in EDITS
    ],
)
def test_an_edit(
    edit: Edit, project: Path, level_1: Path, fresh: Fresh, names: Mapping[str, str], climb: Climb
) -> None:
    before = _edited([edit], project, names)

    run = climb(project, *UP)

    said = run.out + run.err
    assert run.code == edit.code, said
    assert all(named(text, names) in said for text in edit.said), said
    if edit.code:
        assert state(project) == before
        assert run.err.startswith("ferrata: ")
    else:
        _is_clean([edit], before, level_1, fresh(2, "files"), project)
        _again_is_nothing(project, climb)


@turns.climbs
def test_all_that_is_clean_at_once(
    project: Path, level_1: Path, fresh: Fresh, names: Mapping[str, str], climb: Climb
) -> None:
    together = [edit for edit in CLEAN if not edit.alone]
    before = _edited(together, project, names)

    run = climb(project, *UP)

    assert run.code == 0, run.err
    for edit in together:
        assert all(named(text, names) in run.out for text in edit.said), (edit.name, run.out)
    _is_clean(together, before, level_1, fresh(2, "files"), project)
    _again_is_nothing(project, climb)


@pytest.mark.long
@pytest.mark.parametrize(("start", "end"), [(1, 3), (1, 4), (2, 3), (2, 4), (3, 4)])
def test_all_that_is_clean_is_so_from_any_level_to_any(
    start: int, end: int, template: Path, fresh: Fresh, tmp_path: Path, climb: Climb
) -> None:
    base = new_project(template, tmp_path / "base", level=start)
    project, there = copy_of(base, tmp_path / "demo"), fresh(end, "files")
    names = new_paths(base, there)
    together = [edit for edit in CLEAN if not edit.alone]
    before = _edited(together, project, names)

    run = climb(project, "--to", end, "--add", "files")

    assert run.code == 0, run.err
    for edit in together:
        assert all(named(text, names) in run.out for text in edit.said), (edit.name, run.out)
    _is_clean(together, before, base, there, project)


@turns.climbs
def test_all_that_conflicts_at_once(project: Path, names: Mapping[str, str], climb: Climb) -> None:
    before = _edited(CONFLICTS, project, names)

    refused = climb(project, *UP)

    assert refused.code == 1
    for edit in CONFLICTS:
        assert all(named(text, names) in refused.err for text in edit.said), refused.err
    assert state(project) == before

    (project / names["new_2"]).unlink()
    kept = climb(project, *UP, "--keep-conflicts")

    assert kept.code == 1
    assert "3 files with conflict markers" in kept.err
    gates = (project / "tools/gates.toml").read_text()
    assert "<<<<<<< before updating\nlevel = 1  # still\n" in gates
    told = git(project, "status", "--porcelain")
    assert {"UU tools/gates.toml", "UU tools/handoff.toml"} <= set(told.splitlines())
    assert "docs/maturity.md" in git(project, "diff", "--cached", "--name-only")
    undo = kept.err.partition("take all back with `")[2].partition("`")[0]
    subprocess.run(shlex.split(undo), cwd=project, check=True, capture_output=True)
    assert git(project, "status", "--porcelain") == ""


def test_the_library_has_every_kind_of_edit() -> None:
    assert len(EDITS) >= 25
    assert len(CLEAN) >= 20
    assert len(CONFLICTS) == 4
    assert [edit.name for edit in EDITS if edit.early] == [
        "answers_broken",
        "answers_edited_by_hand",
        "uncommitted_change",
        "untracked_file",
    ]


def _edited(chosen: Sequence[Edit], project: Path, names: Mapping[str, str]) -> State:
    for edit in chosen:
        apply_edit(edit, project, names)
    return state(project)


def _is_clean(
    chosen: Sequence[Edit], before: State, level_1: Path, fresh: Path, project: Path
) -> None:
    assert b"<<<<<<<" not in b"".join(files_of(project).values())
    _nothing_is_lost(level_1, before.files, project)
    restored = [path for edit in chosen for path in edit.restored]
    _what_is_the_templates_is_fresh(restored, level_1, fresh, before.files, project)


def _again_is_nothing(project: Path, climb: Climb) -> None:
    commit_all(project, "climbed")
    climbed = state(project)
    again = climb(project, *UP)
    assert (again.code, state(project)) == (0, climbed), again.err
    assert "nothing to do" in again.out


def _nothing_is_lost(level_1: Path, before: Mapping[str, bytes], project: Path) -> None:
    """What is yours is untouched; every line that was put into the template's files is there."""
    yours, original = listed(level_1, LISTS[0]), files_of(level_1)
    theirs = listed(level_1, LISTS[1])
    after = files_of(project)
    for path in (yours | before.keys()) - theirs - {".env"}:
        assert after.get(path) == before.get(path), path
    for path in theirs & before.keys():
        for line in _added_lines(original[path], before[path]):
            assert line in after[path].splitlines(), (path, line)


def _added_lines(old: bytes, new: bytes) -> list[bytes]:
    matcher = difflib.SequenceMatcher(a=old.splitlines(), b=new.splitlines(), autojunk=False)
    changed = [span for tag, *span in matcher.get_opcodes() if tag != "equal"]
    return [line for _, _, start, end in changed for line in new.splitlines()[start:end]]


def _what_is_the_templates_is_fresh(
    restored: Sequence[str],
    level_1: Path,
    fresh: Path,
    before: Mapping[str, bytes],
    project: Path,
) -> None:
    original, wanted, after = files_of(level_1), files_of(fresh), files_of(project)
    edited = {path for path in before.keys() & original.keys() if before[path] != original[path]}
    for path in (listed(fresh, LISTS[1]) - edited) | set(restored):
        assert after[path] == wanted[path], path
    new_seeds = listed(fresh, LISTS[0]) - listed(level_1, LISTS[0]) - before.keys()
    for path in new_seeds:
        assert after[path] == wanted[path], path

"""For every edit in the library: a clean climb that keeps it, or nothing changed and a reason."""

import difflib
from pathlib import Path

import pytest

from tests.climb.conftest import Climb
from tests.climb.support import LISTS, Edit, apply_edit, edits, listed, named, state
from tests.support import commit_all, files_of

EDITS = edits()


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_climb(
    edit: Edit, project: Path, level_1: Path, fresh_2: Path, names: dict[str, str], climb: Climb
) -> None:
    apply_edit(edit, project, names)
    before = state(project)

    run = climb(project, "--to", 2)

    said = run.out + run.err
    assert run.code == edit.code, said
    assert all(named(text, names) in said for text in edit.said), said
    if edit.code:
        assert state(project) == before
        assert run.err.startswith("ferrata: ")
        return
    assert b"<<<<<<<" not in b"".join(files_of(project).values())
    _nothing_is_lost(level_1, before.files, project)
    _what_is_the_templates_is_fresh(edit, level_1, fresh_2, before.files, project)
    commit_all(project, "climbed")
    climbed = state(project)
    again = climb(project, "--to", 2)
    assert (again.code, state(project)) == (0, climbed)
    assert "nothing to do" in again.out


def _nothing_is_lost(level_1: Path, before: dict[str, bytes], project: Path) -> None:
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
    edit: Edit, level_1: Path, fresh_2: Path, before: dict[str, bytes], project: Path
) -> None:
    original, fresh, after = files_of(level_1), files_of(fresh_2), files_of(project)
    edited = {path for path in before.keys() & original.keys() if before[path] != original[path]}
    for path in listed(fresh_2, LISTS[1]) - edited:
        assert after[path] == fresh[path], path
    for path in edit.restored:
        assert after[path] == fresh[path], path
    new_seeds = listed(fresh_2, LISTS[0]) - listed(level_1, LISTS[0]) - before.keys()
    for path in new_seeds:
        assert after[path] == fresh[path], path


def test_the_library_has_every_kind_of_edit() -> None:
    assert len(EDITS) >= 25
    assert {edit.code for edit in EDITS} == {0, 1}

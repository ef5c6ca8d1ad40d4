"""Odd trees under `copier update --trust` alone: what the climb promises for them holds here too."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ferrata.template import updates
from tests.climb.support import LISTS, copy_of, listed, to, update
from tests.climb.test_larger_repository import moved_into
from tests.climb.test_odd_trees import (
    ODD_NAMES,
    TREES_THAT_HIDE,
    USERS_OTHER_WORK,
    commit_staged,
    ignore,
    write,
)
from tests.climb.trees import changed, everything
from tests.support import commit_all, files_of, git

pytestmark = pytest.mark.long


def updated(project: Path, fresh_2: Path, *, edited: frozenset[str] = frozenset()) -> str:
    """An update that loses nothing, and after which the template's part is as it is fresh."""
    before = files_of(project)
    run = update(project, *to(2))
    assert run.returncode == 0, run.stderr
    after, theirs = files_of(project), listed(fresh_2, LISTS[1])
    for path in before.keys() - theirs - {".env", LISTS[0], "uv.lock"}:
        assert after.get(path) == before[path], path
    for path in theirs - edited:
        assert after[path] == (fresh_2 / path).read_bytes(), path
    return run.stderr


def refused(project: Path) -> str:
    before = everything(project)
    run = update(project, *to(2))
    assert run.returncode == 1, run.stderr
    assert "nothing was changed" in run.stderr
    assert "Traceback" not in run.stderr
    assert changed(before, everything(project)) == []
    return run.stderr


# Bytes that are no UTF-8


@pytest.mark.parametrize(
    "text", ["日本\n".encode("shift-jis"), b"\x80 no line end"], ids=["shift-jis", "no-end"]
)
def test_any_bytes_that_can_be_merged_are(text: bytes, project: Path, fresh_2: Path) -> None:
    with (project / "AGENTS.md").open("ab") as file:
        file.write(text)
    commit_all(project, "edited")

    updated(project, fresh_2, edited=frozenset({"AGENTS.md"}))

    assert (project / "AGENTS.md").read_bytes().endswith(text)


def test_what_cannot_be_merged_is_a_conflict(project: Path) -> None:
    text = (project / "AGENTS.md").read_text("utf-8") + "Mine\n"
    (project / "AGENTS.md").write_text(text, "utf-16")
    commit_all(project, "edited")

    run = update(project, *to(2))

    assert run.returncode == 1
    assert "AGENTS.md: you and the template changed it, and it is no text" in run.stderr
    assert (project / "AGENTS.md").read_text("utf-16") == text


@pytest.mark.parametrize("ignored", [False, True], ids=["committed", "ignored"])
def test_names_that_are_no_utf_8(
    ignored: bool,  # noqa: FBT001
    project: Path,
) -> None:
    """Copier would stop at them when it has written already."""
    for name in (b"services/caf\xe9.mine", b"docs/\xff\xfe.mine"):
        write(Path(os.fsdecode(os.fsencode(project) + b"/" + name)))
    if ignored:
        ignore(project, "*.mine")
    commit_all(project, "edited")

    assert refused(project).count("its name is no UTF-8") == 2


# Kinds that changed


def test_a_file_where_the_template_has_a_folder(project: Path) -> None:
    git(project, "rm", "-rq", "docs")
    write(project / "docs", b"wiki\n")
    commit_all(project, "edited")

    assert "docs: your file stands where" in refused(project)


def test_a_submodule_where_the_template_has_a_folder(project: Path) -> None:
    git(project, "rm", "-rq", "docs")
    head = git(project, "rev-parse", "HEAD").strip()
    git(project, "update-index", "--add", "--cacheinfo", f"160000,{head},docs")
    (project / "docs").mkdir()
    commit_staged(project)

    assert "docs: your submodule stands where" in refused(project)


# Names that Python would mix up


@pytest.mark.parametrize("tree", TREES_THAT_HIDE)
def test_a_new_package_hides_nothing(tree: Callable[[Path], str], project: Path) -> None:
    """Both are there after it, and it is as loud as any other conflict."""
    path = tree(project)
    commit_all(project, "edited")
    before = (
        files_of(project / path) if (project / path).is_dir() else (project / path).read_bytes()
    )

    run = update(project, *to(1, ["rabbitmq"]))

    assert run.returncode == 1
    assert "CONFLICTS in 1 file(s)" in run.stderr
    assert f"{path}: the template brings " in run.stderr
    assert "Python would import only one of the two" in run.stderr
    after = files_of(project / path) if (project / path).is_dir() else (project / path).read_bytes()
    assert after == before


# .env belongs to the update


def test_the_env_keeps_its_line_ends_and_its_link(project: Path, fresh_2: Path) -> None:
    elsewhere = write(project / "deploy/local/env", b"API_PORT=9000\r\n")
    (project / ".env").unlink()
    (project / ".env").symlink_to("deploy/local/env")
    with (project / ".gitignore").open("a") as ignored:
        ignored.write("deploy/local/env\n")
    commit_all(project, "edited")

    run = update(project, *to(2))

    assert run.returncode == 0, run.stderr
    assert (project / ".env").is_symlink()
    lines = elsewhere.read_bytes().splitlines(keepends=True)
    assert lines[0] == b"API_PORT=9000\r\n"
    assert len(lines) > 1
    assert all(line.endswith(b"\r\n") for line in lines)


# The lock file


def test_offline_says_so_and_the_next_update_catches_up(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    updates().steps().lock(project)
    commit_all(project, "locked")
    with monkeypatch.context() as offline:
        offline.setenv("UV_OFFLINE", "1")
        offline.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
        run = update(project, *to(2))

    assert run.returncode == 0, run.stderr
    assert "uv.lock: NOT RUN: " in run.stderr
    assert not updates().steps().locked(project)
    commit_all(project, "updated")

    again = update(project, *to(2))

    assert again.returncode == 0, again.stderr
    assert updates().steps().locked(project)


# The surroundings


# With hooks that fail Copier cannot even clone the template; it says so before any of this runs.
@pytest.mark.parametrize("machine", USERS_OTHER_WORK[1:])
def test_what_a_user_set_up_for_other_work(
    machine: Callable[[Path, Path], None], project: Path, tmp_path: Path, fresh_2: Path
) -> None:
    machine(project, tmp_path / "home")

    updated(project, fresh_2)


def test_a_repository_with_longer_names(level_1: Path, tmp_path: Path) -> None:
    project = copy_of(level_1, tmp_path / "demo")
    shutil.rmtree(project / ".git")
    git(project, "init", "--quiet", "--object-format=sha256")
    commit_all(project, "start")

    assert "Copier cannot update a SHA-256 repository" in refused(project)


@pytest.mark.parametrize(
    ("name", "larger"),
    [
        pytest.param(name, number % 2 == 1, id=f"{name!r}{' inside' if number % 2 else ''}")
        for number, name in enumerate(ODD_NAMES)
    ],
)
def test_odd_names_of_folders(
    name: str,
    larger: bool,  # noqa: FBT001
    level_1: Path,
    tmp_path: Path,
    fresh_2: Path,
) -> None:
    project = copy_of(level_1, tmp_path / "all" / name)
    if larger:
        moved_into(project.parent, project)
    if name.rstrip() != name and not larger:
        # Copier itself looks for the folder without what is at its end, before any of this runs.
        before = everything(project)
        assert update(project, *to(2)).returncode == 1
        assert changed(before, everything(project)) == []
    else:
        updated(project, fresh_2)

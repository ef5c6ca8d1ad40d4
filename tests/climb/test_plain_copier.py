"""`copier update --trust` alone: the hook gives everybody what is theirs and is loud on conflicts."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.climb.conftest import Climb
from tests.climb.support import (
    LISTS,
    copy_of,
    listed,
    new_project,
    replace,
    state,
    write_template,
)
from tests.support import commit_all, files_of, git

Update = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def update() -> Update:
    def run(project: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "copier", "update", "--trust", "--defaults", *arguments]
        return subprocess.run(
            command, cwd=project, capture_output=True, text=True, check=False, env=os.environ
        )

    return run


def test_update(project: Path, fresh_2: Path, update: Update) -> None:
    (project / "README.md").rename(project / "NOTES.md")
    (project / "tools/check/plan.py").unlink()
    commit_all(project, "edited")

    run = update(project, "--vcs-ref=:current:", "--data=level=2")

    assert run.returncode == 0, run.stderr
    assert not (project / "README.md").exists()
    assert "tools/check/plan.py: restored" in run.stderr
    for path in listed(fresh_2, LISTS[1]):
        assert (project / path).read_bytes() == (fresh_2 / path).read_bytes()
    for path in listed(fresh_2, LISTS[0]) - {"README.md"}:
        assert (project / path).exists(), path
    assert len((project / ".env").read_text().splitlines()) > 1


def test_a_conflict_is_loud(project: Path, update: Update) -> None:
    replace(project / "tools/gates.toml", "level = 1", "level = 1  # still")
    commit_all(project, "edited")

    run = update(project, "--vcs-ref=:current:", "--data=level=2")

    assert run.returncode == 1
    assert "CONFLICTS in 1 file(s)" in run.stderr
    assert "tools/gates.toml: you and the template changed the same lines" in run.stderr


@pytest.mark.long
def test_answers_edited_by_hand_are_a_conflict(project: Path, update: Update) -> None:
    replace(project / ".copier-answers.yml", "level: 1", "level: 2")
    commit_all(project, "edited")

    run = update(project, "--vcs-ref=:current:")

    assert run.returncode == 1
    assert ".copier-answers.yml was edited by hand" in run.stderr


@pytest.fixture(scope="module")
def old_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of v0.1.0; the v0.2.0 of its template renames a module, drops files, adds one."""
    folder = tmp_path_factory.mktemp("releases")
    template = write_template(folder / "template")
    old = template / "template/{{ level_1 }}/tools/old.py"
    old.write_text('"""Old."""\n\nVALUE = 1\n')
    old.with_name("older.py").write_text('"""Older."""\n')
    seed = template / "template/{{ level_1 }}/shared/src/shared/dropped.py"
    seed.write_text('"""A seed of old."""\n')
    commit_all(template, "one")
    git(template, "tag", "v0.1.0")
    project = new_project(template, folder / "demo", modules=["files"])
    for path in (old, old.with_name("older.py"), seed):
        path.unlink()
    (template / "template/{{ level_1 }}/tools/new.py").write_text('"""New."""\n')
    _rename_the_module(template)
    commit_all(template, "two")
    git(template, "tag", "v0.2.0")
    return project


@pytest.fixture
def upgraded(old_project: Path, tmp_path: Path) -> Path:
    """The same project, to be edited and upgraded."""
    return copy_of(old_project, tmp_path / "demo")


def _rename_the_module(template: Path) -> None:
    """`files` becomes `storage`: a choice that was recorded is no longer valid."""
    (template / "template/{{ files }}").rename(template / "template/{{ storage }}")
    layers = template / "schemas/catalog/layers"
    (layers / "files.yml").rename(layers / "storage.yml")
    for example in template.glob("template/*/.env.example.jinja"):
        replace(example, "{% if files %}", "{% if storage %}")
    (template / "hooks/migrations").mkdir()
    (template / "hooks/migrations/v0_2_0.py").write_text(
        "from pathlib import Path\n\n"
        'file = Path(".copier-answers.yml")\n'
        'file.write_text(file.read_text().replace("- files\\n", "- storage\\n"))\n'
    )
    replace(
        template / "copier.yml",
        "_migrations:\n",
        "_migrations:\n  - version: v0.2.0\n    when: \"{{ _stage == 'before' }}\"\n"
        '    command: ["{{ _copier_python }}", '
        '"{{ _copier_conf.src_path }}/hooks/migrations/v0_2_0.py"]\n',
    )


@pytest.mark.long
def test_a_migration_renames_an_answer(upgraded: Path, update: Update) -> None:
    run = update(upgraded)

    assert run.returncode == 0, run.stderr
    _is_upgraded(upgraded)


def test_climb_upgrades_too(upgraded: Path, climb: Climb) -> None:
    run = climb(upgraded, "--upgrade")

    assert run.code == 0, run.err
    assert "template v0.1.0 -> v0.2.0" in run.out
    _is_upgraded(upgraded)


@pytest.mark.long
def test_an_upgrade_and_then_nothing_and_a_level_with_it(upgraded: Path, climb: Climb) -> None:
    assert climb(upgraded, "--to", 2, "--upgrade").code == 0
    _is_upgraded(upgraded)
    commit_all(upgraded, "upgraded")
    assert "nothing to do" in climb(upgraded, "--upgrade").out


def _is_upgraded(project: Path) -> None:
    recorded = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert (recorded["_commit"], recorded["modules"]) == ("v0.2.0", ["storage"])
    assert (project / "tools/new.py").exists()
    assert not (project / "tools/old.py").exists()
    # What was seeded is its owner's, also when no version seeds it any more.
    assert (project / "shared/src/shared/dropped.py").exists()


@pytest.mark.long
def test_an_edited_file_that_the_template_drops(
    upgraded: Path, update: Update, climb: Climb, tmp_path: Path
) -> None:
    project = upgraded
    replace(project / "tools/old.py", "VALUE = 1", "VALUE = 2")
    commit_all(project, "edited")
    other = copy_of(project, tmp_path / "other")

    refused = climb(other, "--upgrade")
    run = update(project)

    assert refused.code == run.returncode == 1
    for said in (refused.err, run.stderr):
        assert "tools/old.py: you edited it, and the template has it no longer" in said
    assert git(other, "status", "--porcelain") == ""
    assert (project / "tools/old.py").read_text().endswith("VALUE = 2\n")
    assert not (project / "tools/older.py").exists()


@pytest.mark.long
def test_a_project_without_lists_is_read_from_its_history(
    project: Path, fresh_2: Path, update: Update
) -> None:
    (project / "README.md").unlink()
    for path in (project / ".ferrata").iterdir():
        path.unlink()
    commit_all(project, "edited")

    run = update(project, "--vcs-ref=:current:", "--data=level=2")

    assert run.returncode == 0, run.stderr
    assert not (project / "README.md").exists()
    for path in [*LISTS, *(listed(fresh_2, LISTS[0]) - {"README.md"})]:
        assert (project / path).read_bytes() == (fresh_2 / path).read_bytes(), path


@pytest.mark.long
@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_what_copier_would_destroy_is_refused_before_it_writes(
    kind: str, project: Path, update: Update
) -> None:
    """Copier overwrites what git ignores, and writes through links."""
    outside = project.parent / "outside"
    outside.mkdir()
    place = project / "chassis/src/chassis/environment"
    if kind == "file":
        (project / ".git/info/exclude").write_text("/chassis/src/chassis/environment\n")
        place.write_text("mine\n")
    elif kind == "link":
        (project / "docs").rename(outside / "docs")
        (project / "docs").symlink_to(outside / "docs")
    else:
        (project / "Makefile").unlink()
        (project / "Makefile").mkdir()
        (project / "Makefile/mine.txt").write_text("mine\n")
    commit_all(project, "edited")
    before, around = state(project), files_of(outside)

    run = update(project, "--vcs-ref=:current:", "--data=level=2")

    assert run.returncode == 1
    assert "could lose something of yours; nothing was changed" in run.stderr
    assert state(project) == before
    assert files_of(outside) == around


@pytest.mark.long
def test_a_renamed_service_with_a_link_at_the_old_name(project: Path, update: Update) -> None:
    """Copier would write seeds through the link, and the files behind it would vanish."""
    old = project / "services/team_data_postgres_api"
    old.rename(project / "services/records")
    old.symlink_to("records")
    commit_all(project, "edited")
    before = files_of(project / "services")

    run = update(project, "--vcs-ref=:current:", "--data=level=2")

    assert run.returncode in {0, 1}, run.stderr
    assert files_of(project / "services") == before
    assert old.is_symlink()


@pytest.mark.long
def test_other_bytes_and_submodules_survive(project: Path, fresh_2: Path, update: Update) -> None:
    with (project / "AGENTS.md").open("ab") as file:
        file.write(b"caf\xe9\n")
    head = git(project, "rev-parse", "HEAD").strip()
    git(project, "update-index", "--add", "--cacheinfo", f"160000,{head},services/other")
    (project / "services/other").mkdir()
    git(project, "add", "AGENTS.md")
    author = ["-c", "user.name=Tests", "-c", "user.email=tests@example.com"]
    git(project, *author, "commit", "--quiet", "--message", "edited")

    run = update(project, "--vcs-ref=:current:", "--data=level=2")

    assert run.returncode == 0, run.stderr
    assert (project / "AGENTS.md").read_bytes().endswith(b"caf\xe9\n")
    assert f"160000 {head} 0\tservices/other" in git(project, "ls-files", "--stage")
    for path in listed(fresh_2, LISTS[1]) - {"AGENTS.md"}:
        assert (project / path).read_bytes() == (fresh_2 / path).read_bytes(), path

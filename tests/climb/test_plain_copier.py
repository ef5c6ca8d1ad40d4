"""`copier update --trust` alone: the hook gives everybody what is theirs and is loud on conflicts."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests import turns
from tests.climb.conftest import Climb
from tests.climb.support import (
    LISTS,
    copy_of,
    listed,
    new_project,
    replace,
    state,
    to,
    update,
    update_command,
    write_template,
)
from tests.climb.test_one_step import files_moved, litter
from tests.climb.trees import changed, everything
from tests.support import commit_all, files_of, git


@turns.plain_updates
def test_update(project: Path, fresh_2: Path) -> None:
    (project / "README.md").rename(project / "NOTES.md")
    (project / "tools/check/plan.py").unlink()
    commit_all(project, "edited")

    run = update(project, *to(2))

    assert run.returncode == 0, run.stderr
    assert not (project / "README.md").exists()
    assert "tools/check/plan.py: restored" in run.stderr
    for path in listed(fresh_2, LISTS[1]):
        assert (project / path).read_bytes() == (fresh_2 / path).read_bytes()
    for path in listed(fresh_2, LISTS[0]) - {"README.md"}:
        assert (project / path).exists(), path
    assert len((project / ".env").read_text().splitlines()) > 1


@turns.plain_updates
def test_a_conflict_is_loud(project: Path) -> None:
    replace(project / "tools/gates.toml", "level = 1", "level = 1  # still")
    commit_all(project, "edited")

    run = update(project, *to(2))

    assert run.returncode == 1
    assert "CONFLICTS in 1 file(s)" in run.stderr
    assert "tools/gates.toml: you and the template changed the same lines" in run.stderr


@pytest.mark.long
def test_answers_edited_by_hand_are_a_conflict(project: Path) -> None:
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
def test_a_migration_renames_an_answer(upgraded: Path) -> None:
    run = update(upgraded)

    assert run.returncode == 0, run.stderr
    _is_upgraded(upgraded)


@pytest.mark.long
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
    upgraded: Path, climb: Climb, tmp_path: Path
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
def test_a_project_without_lists_is_read_from_its_history(project: Path, fresh_2: Path) -> None:
    (project / "README.md").unlink()
    for path in (project / ".ferrata").iterdir():
        path.unlink()
    commit_all(project, "edited")

    run = update(project, *to(2))

    assert run.returncode == 0, run.stderr
    assert not (project / "README.md").exists()
    for path in [*LISTS, *(listed(fresh_2, LISTS[0]) - {"README.md"})]:
        assert (project / path).read_bytes() == (fresh_2 / path).read_bytes(), path


DATA_API = "services/team_data_postgres_api"
NEW_FOLDER = "chassis/src/chassis/environment"


def _ignore(project: Path, *patterns: str) -> None:
    (project / ".git/info/exclude").write_text("".join(f"{pattern}\n" for pattern in patterns))


def _ignored_file(project: Path, _: Path) -> str:
    _ignore(project, f"/{NEW_FOLDER}")
    (project / NEW_FOLDER).write_text("mine\n")
    return NEW_FOLDER


def _ignored_file_of_another_provider(project: Path, _: Path) -> str:
    """Nobody chose it, and with `--data ci=gitlab` Copier would write it."""
    _ignore(project, "/.gitlab-ci.yml")
    (project / ".gitlab-ci.yml").write_text("mine\n")
    return ".gitlab-ci.yml"


def _linked_folder(project: Path, outside: Path) -> str:
    (project / "docs").rename(outside / "docs")
    (project / "docs").symlink_to(outside / "docs")
    return "docs"


def _folder_for_a_file(project: Path, _: Path) -> str:
    (project / "Makefile").unlink()
    (project / "Makefile").mkdir()
    (project / "Makefile/mine.txt").write_text("mine\n")
    return "Makefile"


def _folder_for_a_seed(project: Path, _: Path) -> str:
    (project / "README.md").rename(project / "NOTES.md")
    (project / "README.md").mkdir()
    (project / "README.md/index.md").write_text("mine\n")
    return "README.md"


def _file_for_a_folder_of_seeds(project: Path, _: Path) -> str:
    shutil.rmtree(project / DATA_API)
    (project / DATA_API).write_text("moved away\n")
    return DATA_API


def _link_that_seeds_would_be_written_through(project: Path, outside: Path) -> str:
    (project / "shared").rename(outside / "shared")
    (project / "shared").symlink_to(outside / "shared")
    (outside / "shared/pyproject.toml").rename(outside / "shared/project.toml")
    return "shared"


def _linked_service(project: Path, outside: Path) -> str:
    (project / DATA_API).rename(outside / "records")
    (project / DATA_API).symlink_to(outside / "records")
    return DATA_API


def _pipe(project: Path, _: Path) -> str:
    git(project, "rm", "-q", "README.md")
    os.mkfifo(project / "README.md")
    return "README.md"


def _ignored_file_that_looks_rejected(project: Path, _: Path) -> str:
    _ignore(project, "*.rej")
    (project / "services/mine.rej").write_text("mine\n")
    return "services/mine.rej"


@pytest.mark.long
@pytest.mark.parametrize(
    "tree",
    [
        _ignored_file,
        _ignored_file_of_another_provider,
        _linked_folder,
        _folder_for_a_file,
        _folder_for_a_seed,
        _file_for_a_folder_of_seeds,
        _link_that_seeds_would_be_written_through,
        _linked_service,
        _pipe,
        _ignored_file_that_looks_rejected,
    ],
)
def test_what_copier_would_destroy_is_refused_before_it_writes(
    tree: Callable[[Path, Path], str], project: Path
) -> None:
    """Copier overwrites what git ignores, writes through links, and ends half-way."""
    outside = project.parent / "outside"
    outside.mkdir()
    path = tree(project, outside)
    commit_all(project, "edited")
    before = everything(project)

    run = update(project, *to(2))

    assert run.returncode == 1
    assert "could lose something of yours; nothing was changed" in run.stderr
    assert run.stderr.count(f"  {path}: ") == 1, run.stderr
    assert changed(before, everything(project)) == []


@pytest.mark.long
def test_a_local_edit_that_git_overlooks_is_refused(project: Path) -> None:
    settings = "services/team_tasks_api/pyproject.toml"
    git(project, "update-index", "--skip-worktree", settings)
    (project / settings).write_text("mine\n")
    before = state(project)

    run = update(project, *to(2))

    assert run.returncode == 1
    assert f"{settings}: it is not in your files as the last commit has it" in run.stderr
    assert state(project) == before


def _ignored_local_files(project: Path, _: Path) -> None:
    _ignore(project, "/deploy/local/")
    git(project, "rm", "-rq", "--cached", "deploy/local")
    (project / "deploy/local/mine.mk").write_text("mine:\n")


def _ignored_clone_of_a_service(project: Path, _: Path) -> None:
    _ignore(project, f"/{DATA_API}/")
    git(project, "rm", "-rq", "--cached", DATA_API)
    git(project / DATA_API, "init", "--quiet")
    commit_all(project / DATA_API, "its own")


def _service_as_a_submodule(project: Path, _: Path) -> None:
    git(project, "rm", "-rq", "--cached", DATA_API)
    git(project / DATA_API, "init", "--quiet")
    commit_all(project / DATA_API, "its own")


@turns.plain_updates
@pytest.mark.parametrize(
    "tree",
    [
        pytest.param(tree, marks=[] if tree is _ignored_local_files else pytest.mark.long)
        for tree in (
            _ignored_local_files,
            _ignored_clone_of_a_service,
            _service_as_a_submodule,
        )
    ],
)
def test_seeds_that_git_does_not_know_are_their_owners(
    tree: Callable[[Path, Path], None], project: Path
) -> None:
    outside = project.parent / "outside"
    outside.mkdir()
    tree(project, outside)
    commit_all(project, "edited")
    before = everything(project)

    run = update(project, *to(2))

    assert run.returncode == 0, run.stderr
    theirs = listed(project, LISTS[1])
    differing = set(changed(before, everything(project))) - {"staged"}
    touched = {os.path.relpath(path, project) for path in differing}
    assert {path for path in touched if not (project / path).is_dir()} <= theirs | {
        ".env",
        "uv.lock",
        LISTS[0],
    }


@pytest.mark.long
def test_a_kill_of_an_update_is_taken_back_by_the_next(project: Path, fresh_2: Path) -> None:
    before = state(project)
    with update_command(project, *to(2)) as run:
        while not files_moved(project):
            assert run.poll() is None
            time.sleep(0.0005)
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()

    # What people do then.
    (project / ".git/index.lock").unlink()
    git(project, "reset", "--quiet", "--hard")
    git(project, "clean", "--quiet", "-d", "--force")
    again = update(project, *to(2))

    assert again.returncode == 0, again.stderr
    assert "an update was killed half-way; it was taken back first" in again.stderr
    assert litter(project) == []
    for path in listed(fresh_2, LISTS[1]):
        assert (project / path).read_bytes() == (fresh_2 / path).read_bytes(), path
    git(project, "reset", "--quiet", "--hard")
    assert state(project).files.keys() >= before.files.keys()


@pytest.mark.long
def test_a_renamed_service_with_a_link_at_the_old_name(project: Path) -> None:
    """Copier would write seeds through the link, and the files behind it would vanish."""
    old = project / "services/team_data_postgres_api"
    old.rename(project / "services/records")
    old.symlink_to("records")
    commit_all(project, "edited")
    before = files_of(project / "services")

    run = update(project, *to(2))

    assert run.returncode in {0, 1}, run.stderr
    assert files_of(project / "services") == before
    assert old.is_symlink()


@pytest.mark.long
def test_other_bytes_and_submodules_survive(project: Path, fresh_2: Path) -> None:
    with (project / "AGENTS.md").open("ab") as file:
        file.write(b"caf\xe9\n")
    head = git(project, "rev-parse", "HEAD").strip()
    git(project, "update-index", "--add", "--cacheinfo", f"160000,{head},services/other")
    (project / "services/other").mkdir()
    git(project, "add", "AGENTS.md")
    author = ["-c", "user.name=Tests", "-c", "user.email=tests@example.com"]
    git(project, *author, "commit", "--quiet", "--message", "edited")

    run = update(project, *to(2))

    assert run.returncode == 0, run.stderr
    assert (project / "AGENTS.md").read_bytes().endswith(b"caf\xe9\n")
    assert f"160000 {head} 0\tservices/other" in git(project, "ls-files", "--stage")
    for path in listed(fresh_2, LISTS[1]) - {"AGENTS.md"}:
        assert (project / path).read_bytes() == (fresh_2 / path).read_bytes(), path

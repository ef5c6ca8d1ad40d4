"""uv.lock after a climb, made by uv itself: what lies outside of git is in it as well."""

import tomllib
from pathlib import Path

import pytest

from ferrata.template import updates
from tests.climb.conftest import Climb
from tests.climb.support import to, update
from tests.support import commit_all, git

pytestmark = pytest.mark.long
OWN = "services/team_reports_api"
PACKAGE = """\
[project]
name = "{name}"
version = "0.1.0"
requires-python = ">=3.12"
dependencies = ["{needs}"]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""


def _package(folder: Path, name: str, needs: str) -> None:
    (folder / f"src/{name.replace('-', '_')}").mkdir(parents=True)
    (folder / f"src/{name.replace('-', '_')}/__init__.py").write_text("")
    (folder / "pyproject.toml").write_text(PACKAGE.format(name=name, needs=needs))


def _ignored_clone(project: Path) -> None:
    with (project / ".gitignore").open("a") as ignored:
        ignored.write(f"/{OWN}/\n")
    _package(project / OWN, "team-reports-api", "tabulate")
    git(project / OWN, "init", "--quiet")
    commit_all(project / OWN, "its own")


def _submodule(project: Path) -> None:
    other = project.parent / "reports"
    _package(other, "team-reports-api", "tabulate")
    git(other, "init", "--quiet")
    commit_all(other, "its own")
    local = ("-c", "protocol.file.allow=always")
    git(project, *local, "submodule", "--quiet", "add", str(other), OWN)


def _dependency_by_path(project: Path) -> None:
    """Of a service, to a folder beside the project."""
    _package(project.parent / "reports", "team-reports-api", "tabulate")
    service = project / "services/team_tasks_api/pyproject.toml"
    text = service.read_text("utf-8").replace(
        "dependencies = [", 'dependencies = ["team-reports-api", '
    )
    service.write_text(
        f'{text}\n[tool.uv.sources.team-reports-api]\npath = "../../../reports"\n', "utf-8"
    )


def _link(project: Path) -> None:
    """To a service that lies beside the project."""
    _package(project.parent / "reports", "team-reports-api", "tabulate")
    (project / OWN).symlink_to(project.parent / "reports")


@pytest.fixture(params=[_ignored_clone, _submodule, _dependency_by_path, _link])
def locked(request: pytest.FixtureRequest, project: Path) -> Path:
    """A project with a package that git does not have in it, pinned and committed."""
    request.param(project)
    updates().steps().lock(project)
    assert {"team-reports-api", "tabulate"} <= _packages(project)
    commit_all(project, "locked")
    return project


def _packages(project: Path, text: str | None = None) -> set[str]:
    read = text or (project / "uv.lock").read_text("utf-8")
    return {package["name"] for package in tomllib.loads(read)["package"]}


def _fits(project: Path) -> bool:
    return bool(updates().steps().locked(project))


def test_what_git_does_not_have_stays_locked(locked: Path, climb: Climb) -> None:
    before = _packages(locked)

    run = climb(locked, "--to", 2)

    assert run.code == 0, run.err
    assert _packages(locked) > before
    assert _packages(locked, git(locked, "show", ":uv.lock")) == _packages(locked)
    assert _fits(locked)


def test_plain_copier_locks_where_the_project_is(locked: Path) -> None:
    before = _packages(locked)

    run = update(locked, *to(2))

    assert run.returncode == 0, run.stderr
    assert _packages(locked) > before
    assert _fits(locked)


def test_offline_says_so_and_the_next_climb_catches_up(
    project: Path, climb: Climb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    updates().steps().lock(project)
    commit_all(project, "locked")
    before = (project / "uv.lock").read_bytes()
    with monkeypatch.context() as offline:
        offline.setenv("UV_OFFLINE", "1")
        offline.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
        first = climb(project, "--to", 2)

    assert first.code == 0, first.err
    [told] = [line for line in first.err.splitlines() if "uv.lock" in line]
    assert told.startswith("ferrata: uv.lock: NOT RUN: ")
    assert told.endswith("; the next climb catches up")
    assert (project / "uv.lock").read_bytes() == before
    assert not _fits(project)
    commit_all(project, "climbed")

    second = climb(project)

    assert second.code == 0, second.err
    assert _fits(project)
    assert git(project, "diff", "--cached", "--name-only") == "uv.lock\n"
    commit_all(project, "locked")
    assert "nothing to do" in climb(project).out


def test_a_lock_file_that_git_ignores_is_made_and_left_to_its_owner(
    project: Path, climb: Climb
) -> None:
    with (project / ".gitignore").open("a") as ignored:
        ignored.write("uv.lock\n")
    updates().steps().lock(project)
    commit_all(project, "not locked")

    run = climb(project, "--to", 2)

    assert run.code == 0, run.err
    assert _fits(project)
    assert git(project, "ls-files", "uv.lock") == ""

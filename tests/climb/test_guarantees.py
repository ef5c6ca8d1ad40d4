"""What every climb promises, whatever was edited."""

import json
from pathlib import Path

import pytest
import yaml

from tests import turns
from tests.climb.conftest import Climb, Climbed
from tests.climb.support import LISTS, answers, copy_of, listed, new_project, state
from tests.support import ODD, answers_of, commit_all, extension, files_of, git, render

WAYS = [
    pytest.param([["--to", 4, "--set", "modules=[redis, files]"]], id="at-once"),
    pytest.param(
        [["--to", 2], ["--to", 3], ["--add", "redis", "--add", "files"], ["--to", 4]],
        id="by-step",
        marks=pytest.mark.long,
    ),
    pytest.param(
        [["--add", "files"], ["--to", 4, "--add", "redis"]],
        id="modules-first",
        marks=pytest.mark.long,
    ),
]
# What a project has besides what a fresh one has: its owner's, and what is pinned.
BESIDES = {".env", "uv.lock"}


@turns.climbs
@pytest.mark.parametrize("way", WAYS)
def test_every_way_up_ends_in_the_same_files(
    way: list[list[object]], template: Path, project: Path, climb: Climb, tmp_path: Path
) -> None:
    for number, step in enumerate(way):
        run = climb(project, *step)
        assert run.code == 0, run.err
        commit_all(project, f"step {number}")
    chosen = yaml.safe_load((project / ".copier-answers.yml").read_text())["modules"]

    fresh = render(template, answers(level=4, modules=chosen), tmp_path / "fresh")

    assert set(chosen) == {"redis", "files"}
    climbed, wanted = files_of(project), files_of(fresh)
    # It is its owner's, and says what was there when the project was made.
    del climbed["README.md"], wanted["README.md"]
    assert {path: climbed[path] for path in wanted} == wanted
    assert climbed.keys() - wanted.keys() <= BESIDES


def test_level_2_is_what_it_is_without_a_climb(climbed: Climbed, fresh_2: Path) -> None:
    after, fresh = files_of(climbed.project), files_of(fresh_2)
    seeds = listed(fresh_2, LISTS[0])

    assert {path: after[path] for path in fresh.keys() - seeds} == {
        path: text for path, text in fresh.items() if path not in seeds
    }
    assert {path for path in after if after[path] != climbed.before.files.get(path)} <= (
        listed(fresh_2, LISTS[1]) | BESIDES
    )
    assert after.keys() - fresh.keys() <= BESIDES


@pytest.mark.long
@pytest.mark.parametrize("name", ODD)
def test_odd_names_climb_too(name: str, template: Path, tmp_path: Path, climb: Climb) -> None:
    project = render(template, answers_of(f"{name}@1"), tmp_path / "demo")
    git(project, "init", "--quiet")
    commit_all(project, "start")

    assert climb(project, "--to", 2).code == 0

    fresh = render(template, answers_of(f"{name}@2"), tmp_path / "fresh")
    for path in listed(fresh, LISTS[1]):
        assert (project / path).read_bytes() == (fresh / path).read_bytes(), path


def test_the_last_commit_stays_and_everything_is_staged(climbed: Climbed, tmp_path: Path) -> None:
    project, before = copy_of(climbed.project, tmp_path / "demo"), climbed.before

    assert git(project, "rev-parse", "HEAD") == before.head
    assert git(project, "diff", "--name-only") == ""
    assert git(project, "ls-files", "--others", "--exclude-standard") == ""
    assert "git commit -m 'Climb: level 1 -> 2" in climbed.out
    git(project, "reset", "--hard", "--quiet")
    # .env is its owner's and outside of git: what was added to it stays.
    taken_back = state(project)
    kept = {path: text for path, text in taken_back.files.items() if path != ".env"}
    assert kept == {path: text for path, text in before.files.items() if path != ".env"}
    assert taken_back.staged == before.staged


def test_new_variables_are_named_and_added_to_the_owners_env(
    climbed: Climbed, fresh_2: Path
) -> None:
    def variables(text: str) -> set[str]:
        return {line.partition("=")[0] for line in text.splitlines() if "=" in line[1:]}

    example = (fresh_2 / ".env.example").read_text()
    new = variables(example) - variables(climbed.before.files[".env.example"].decode())
    env = (climbed.project / ".env").read_text()
    assert env.startswith("API_PORT=9000\n")
    assert new
    assert new <= variables(env)
    assert all(name in climbed.out for name in new)


@pytest.mark.long
def test_no_env_is_made_where_its_owner_has_none(project: Path, climb: Climb) -> None:
    (project / ".env").unlink()

    assert climb(project, "--to", 2).code == 0
    assert not (project / ".env").exists()


@turns.climbs
def test_a_dry_run_says_everything_and_changes_nothing(
    project: Path, names: dict[str, str], climb: Climb
) -> None:
    before = state(project)

    run = climb(project, "--to", 3, "--add", "files", "--dry-run")

    assert run.code == 0
    assert state(project) == before
    assert run.out.startswith(
        "Task Manager: level 1 -> 3 (Pre-Production), module workers, module rabbitmq, module files\n"
    )
    told = run.out[: run.out.index("New environment variables")]
    new = {"level_2", "level_3", *extension().closure(3, ["files"])}
    lines = {row["line"]: {*row["layers"]} <= new for row in extension().catalog()["behaviour"]}
    assert {line: f"  {line}\n" in told for line in lines} == lines
    assert names["new"] in run.out
    assert f"{names['new_seed']} (yours from now on)" in run.out
    assert run.out.endswith("Nothing was changed (--dry-run).\n")


@turns.climbs
def test_a_dry_run_names_the_routes_that_take_a_token_then(project: Path, climb: Climb) -> None:
    machine = json.loads(climb(project, "--to", 4, "--dry-run", "--json").out)
    told = climb(project, "--to", 4, "--dry-run").out

    assert "GET /api/v1/tasks" in machine["closing"]
    assert "DELETE /api/v1/tasks/{task_id}" in machine["closing"]
    assert not [route for route in machine["closing"] if "/auth/" in route or "audit" in route]
    part = told[told.index("Routes that take a token then") :].split("\n\n")[0]
    assert all(f"  {route}\n" in part for route in machine["closing"])
    assert "those of your own: `make policy`" in part
    assert "Routes that take" not in climb(project, "--to", 3, "--dry-run").out


@turns.climbs
def test_a_dry_run_shows_every_file_and_every_line(project: Path, climb: Climb) -> None:
    short, full = (climb(project, "--to", 2, "--dry-run", *more).out for more in ((), ("--full",)))
    last = "  tests/integration/test_versions.py\n"
    assert "more (--full names them)" in short
    assert last not in short
    assert "(--full names them)" not in full
    assert last in full

    shown = climb(project, "--to", 2, "--dry-run", "--diff").out.splitlines()

    assert '-ready = "/openapi.json"' in shown
    assert '+ready = "/health"' in shown
    assert "+++ b/tools/services.toml" in shown


@pytest.mark.long
def test_a_climb_to_where_the_project_is_does_nothing(project: Path, climb: Climb) -> None:
    before = state(project)

    run = climb(project, "--set", "level=1")

    assert (run.code, run.err) == (0, "")
    assert "nothing to do" in run.out
    assert state(project) == before


@pytest.mark.long
def test_a_deleted_seed_stays_gone_at_every_later_level(
    project: Path, names: dict[str, str], climb: Climb
) -> None:
    assert climb(project, "--to", 2, "--add", "files").code == 0
    commit_all(project, "level 2")
    (project / names["new_seed"]).unlink()
    (project / "README.md").rename(project / "NOTES.md")
    commit_all(project, "edited")

    assert climb(project, "--to", 3, "--add", "redis").code == 0

    assert not (project / names["new_seed"]).exists()
    assert not (project / "README.md").exists()
    assert {names["new_seed"], "README.md"} <= listed(project, LISTS[0])


@pytest.mark.long
def test_another_answer_changes_the_templates_files_only(project: Path, climb: Climb) -> None:
    run = climb(project, "--set", "project_name=Better Tasks")

    assert run.code == 0
    assert "answer project_name" in run.out
    assert "Better Tasks" in (project / "AGENTS.md").read_text()
    assert "Better Tasks" not in (project / "README.md").read_text()


@pytest.mark.long
def test_a_project_inside_a_larger_repository(
    level_1: Path, fresh_2: Path, tmp_path: Path, climb: Climb
) -> None:
    top = tmp_path / "all"
    project = copy_of(level_1, top / "systems/demo")
    (top / "other.txt").write_text("other\n")
    (project / ".git").rename(tmp_path / "old.git")
    (project / "tools/gates.toml").unlink()
    (project / "README.md").unlink()
    git(top, "init", "--quiet")
    commit_all(top, "all")

    run = climb(project, "--to", 2)

    assert run.code == 0, run.err
    assert "  systems/demo/tools/gates.toml" in run.out
    for path in listed(fresh_2, LISTS[1]):
        assert (project / path).read_bytes() == (fresh_2 / path).read_bytes()
    assert not (project / "README.md").exists()
    assert git(top, "diff", "--name-only") == ""


@pytest.mark.long
def test_git_that_converts_line_ends(template: Path, tmp_path: Path, climb: Climb) -> None:
    Path(tmp_path / "home/.gitconfig").write_text("[core]\nautocrlf = true\n")
    project = new_project(template, tmp_path / "demo")
    git(project, "checkout", "--quiet", "--force", "HEAD")

    assert climb(project, "--to", 2).code == 0
    assert git(project, "diff", "--name-only") == ""
    assert b"\r\n" not in git(project, "show", ":tools/gates.toml").encode()

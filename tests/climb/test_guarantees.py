"""What every climb promises, whatever was edited."""

from pathlib import Path

import pytest
import yaml

from tests.climb.conftest import Climb
from tests.climb.support import LISTS, answers, copy_of, listed, new_project, render, state
from tests.support import commit_all, files_of, git

WAYS = [
    pytest.param([["--to", 2], ["--to", 3], ["--add", "redis", "--add", "files"]], id="by-step"),
    pytest.param([["--add", "files"], ["--to", 3, "--add", "redis"]], id="modules-first"),
    pytest.param([["--to", 3, "--set", "modules=[redis, files]"]], id="at-once"),
]


@pytest.mark.parametrize("way", WAYS)
def test_every_way_up_ends_in_the_same_files(
    way: list[list[object]], template: Path, project: Path, climb: Climb, tmp_path: Path
) -> None:
    for number, step in enumerate(way):
        run = climb(project, *step)
        assert run.code == 0, run.err
        commit_all(project, f"step {number}")
    chosen = yaml.safe_load((project / ".copier-answers.yml").read_text())["modules"]

    fresh = render(template, answers(level=3, modules=chosen), tmp_path / "fresh")

    assert set(chosen) == {"redis", "files"}
    climbed = files_of(project)
    assert {path: climbed[path] for path in files_of(fresh)} == files_of(fresh)
    assert climbed.keys() - files_of(fresh).keys() <= {".env", "uv.lock"}


def test_the_last_commit_stays_and_everything_is_staged(project: Path, climb: Climb) -> None:
    before = state(project)

    run = climb(project, "--to", 2)

    assert run.code == 0
    assert git(project, "rev-parse", "HEAD") == before.head
    assert git(project, "diff", "--name-only") == ""
    assert git(project, "ls-files", "--others", "--exclude-standard") == ""
    assert "git commit -m 'Climb: level 1 -> 2" in run.out
    git(project, "reset", "--hard", "--quiet")
    # .env is its owner's and outside of git: what was added to it stays.
    taken_back = state(project)
    kept = {path: text for path, text in taken_back.files.items() if path != ".env"}
    assert kept == {path: text for path, text in before.files.items() if path != ".env"}
    assert taken_back.staged == before.staged


def test_new_variables_are_named_and_added_to_the_owners_env(
    project: Path, fresh_2: Path, climb: Climb
) -> None:
    run = climb(project, "--to", 2)

    def variables(text: str) -> set[str]:
        return {line.partition("=")[0] for line in text.splitlines() if "=" in line[1:]}

    example = (fresh_2 / ".env.example").read_text()
    new = variables(example) - variables(git(project, "show", "HEAD:.env.example"))
    env = (project / ".env").read_text()
    assert env.startswith("API_PORT=9000\n")
    assert new <= variables(env)
    assert all(name in run.out for name in new)


def test_no_env_is_made_where_its_owner_has_none(project: Path, climb: Climb) -> None:
    (project / ".env").unlink()

    assert climb(project, "--to", 2).code == 0
    assert not (project / ".env").exists()


def test_what_will_behave_differently_is_said_before(project: Path, climb: Climb) -> None:
    run = climb(project, "--to", 3, "--add", "files", "--dry-run")

    assert run.code == 0
    [row] = [line for line in run.out.splitlines() if line == "  files behaves differently"]
    assert run.out.index(row) < run.out.index("Added")
    assert "level 1 -> 3" in run.out
    assert "module files" in run.out


def test_a_dry_run_changes_nothing(project: Path, names: dict[str, str], climb: Climb) -> None:
    before = state(project)

    run = climb(project, "--to", 2, "--dry-run")

    assert run.code == 0
    assert state(project) == before
    assert names["new"] in run.out
    assert f"{names['new_seed']} (yours from now on)" in run.out
    assert run.out.endswith("Nothing was changed (--dry-run).\n")


def test_a_climb_to_where_the_project_is_does_nothing(project: Path, climb: Climb) -> None:
    before = state(project)

    for arguments in ([], ["--to", 1], ["--set", "level=1"]):
        run = climb(project, *arguments)
        assert (run.code, run.err) == (0, "")
        assert "nothing to do" in run.out
        assert state(project) == before


def test_a_deleted_seed_stays_gone_at_every_later_level(
    project: Path, names: dict[str, str], climb: Climb
) -> None:
    climb(project, "--to", 2)
    commit_all(project, "level 2")
    (project / names["new_seed"]).unlink()
    (project / "README.md").rename(project / "NOTES.md")
    commit_all(project, "edited")

    assert climb(project, "--to", 3, "--add", "redis").code == 0

    assert not (project / names["new_seed"]).exists()
    assert not (project / "README.md").exists()
    assert {names["new_seed"], "README.md"} <= listed(project, LISTS[0])


def test_another_answer_changes_the_templates_files_only(project: Path, climb: Climb) -> None:
    run = climb(project, "--set", "project_name=Better Tasks")

    assert run.code == 0
    assert "answer project_name" in run.out
    assert "Better Tasks" in (project / "AGENTS.md").read_text()
    assert "Better Tasks" not in (project / "README.md").read_text()


def test_conflicts_can_be_kept(project: Path, climb: Climb) -> None:
    gates = project / "tools/gates.toml"
    gates.write_text(gates.read_text().replace("level = 1", "level = 1  # still"))
    commit_all(project, "edited")

    run = climb(project, "--to", 2, "--keep-conflicts")

    assert run.code == 1
    assert "tools/gates.toml: you and the template changed the same lines" in run.err
    assert "<<<<<<< before updating\nlevel = 1  # still\n" in gates.read_text()
    assert "UU tools/gates.toml" in git(project, "status", "--porcelain")
    assert "docs/maturity.md" in git(project, "diff", "--cached", "--name-only")
    git(project, "reset", "--hard", "--quiet")
    assert git(project, "status", "--porcelain") == ""


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


def test_git_that_converts_line_ends(template: Path, tmp_path: Path, climb: Climb) -> None:
    Path(tmp_path / "home/.gitconfig").write_text("[core]\nautocrlf = true\n")
    project = new_project(template, tmp_path / "demo")
    git(project, "checkout", "--quiet", "--force", "HEAD")

    assert climb(project, "--to", 2).code == 0
    assert git(project, "diff", "--name-only") == ""
    assert b"\r\n" not in git(project, "show", ":tools/gates.toml").encode()

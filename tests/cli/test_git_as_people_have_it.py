"""What people have set for git does not decide what is in a new project, nor stop it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ferrata.template import load_module
from tests.cli.support import LAYER, ROOT
from tests.support import git

HOOKS = (
    "pre-commit", "commit-msg", "prepare-commit-msg", "post-checkout", "post-commit",
    "post-index-change", "reference-transaction",
)  # fmt: skip


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Gives the user a configuration of their own."""

    def write(text: str) -> None:
        config = tmp_path / "gitconfig"
        config.write_text(f"[user]\n name = A\n email = a@example.com\n{text}", "utf-8")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))

    return write


def tracked(project: Path) -> set[str]:
    return set(git(project, "ls-files").splitlines())


def written(project: Path) -> set[str]:
    found = (path.relative_to(project) for path in project.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if path.parts[0] != ".git"}


def test_what_is_ignored_everywhere_is_in_the_first_commit(new, template, configured, tmp_path):
    configured("")
    for name in ("logs/a.py", "deploy/local/b.mk", "build/c.txt"):
        file = template / LAYER / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x = 1\n", "utf-8")
    git(template, "add", "--all", "--force")
    git(template, "commit", "--quiet", "-m", "more")
    ignored = tmp_path / "ignored"
    ignored.write_text("logs/\nlocal/\nbuild/\n*.mk\n", "utf-8")
    configured(f"[core]\n excludesFile = {ignored}\n")

    run = new(tmp_path / "demo", "--no-gates", source=template)

    assert run.code == 0, run.err
    there = tracked(tmp_path / "demo")
    assert {"logs/a.py", "deploy/local/b.mk", "build/c.txt"} <= there
    assert written(tmp_path / "demo") - there <= {".env"}


@pytest.mark.parametrize("where", ["hooksPath", "templateDir"])
def test_hooks_that_fail_stop_nothing(where, new, configured, tmp_path):
    folder = tmp_path / "template" / "hooks"
    folder.mkdir(parents=True)
    for name in HOOKS:
        (folder / name).write_text("#!/bin/sh\nexit 1\n", "utf-8")
        (folder / name).chmod(0o755)
    section = {"hooksPath": f"[core]\n hooksPath = {folder}\n",
               "templateDir": f"[init]\n templateDir = {folder.parent}\n"}  # fmt: skip
    configured(section[where])

    run = new(tmp_path / "demo", "--no-gates")

    assert run.code == 0, run.err
    assert git(tmp_path / "demo", "status", "--porcelain") == ""


def test_lines_end_alike_whatever_git_converts(new, configured, tmp_path):
    configured("[core]\n autocrlf = true\n")

    run = new(tmp_path / "demo", "--no-gates")

    assert run.code == 0, run.err
    for path in sorted(written(tmp_path / "demo")):
        assert b"\r" not in (tmp_path / "demo" / path).read_bytes(), path


def test_a_clone_of_a_project_has_the_lines_of_the_project(configured, tmp_path):
    configured("[core]\n autocrlf = true\n")
    project = tmp_path / "demo"
    project.mkdir()
    attributes = (ROOT / "template/{{ level_1 }}/.gitattributes").read_text("utf-8")
    (project / ".gitattributes").write_text(attributes, "utf-8")
    (project / "a.py").write_bytes(b"x = 1\n")
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "Start")

    git(tmp_path, "clone", "--quiet", str(project), "clone")

    assert (tmp_path / "clone/a.py").read_bytes() == b"x = 1\n"


@pytest.mark.parametrize(
    ("given", "outer", "steps"),
    [
        ("demo", False, "cd demo; git init; git -c core.excludesFile= add --all ."),
        (
            "some where/demo",
            False,
            "cd 'some where/demo'; git init; git -c core.excludesFile= add --all .",
        ),
        (".", False, "git init; git -c core.excludesFile= add --all ."),
        ("apps/demo", True, "cd apps/demo; git -c core.excludesFile= add --all ."),
    ],
)
def test_plain_copier_says_what_to_type_next(given, outer, steps, tmp_path):
    project = tmp_path / given
    project.mkdir(parents=True, exist_ok=True)
    if outer:
        git(tmp_path, "init", "--quiet")

    told = load_module(ROOT / "hooks/after_copy.py").next_steps(project, given)

    assert told == f"{steps}; git commit -m 'Start'; make dev"

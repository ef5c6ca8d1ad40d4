"""`ferrata new`: a complete project, or nothing."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.cli.support import ROOT, commit, everything, git

TEXTS = [
    pytest.param("\"double\" and 'single' quotes", id="quotes"),
    pytest.param("back\\slash \\n \\", id="backslashes"),
    pytest.param("{{ 7 * 7 }} {% if %} {# #} {x} }}", id="jinja"),
    pytest.param("${HOME} $(id) `id` $x", id="shell"),
    pytest.param("- a: b # c & *d !e | > % @ :", id="yaml"),
    pytest.param("Мастер Задач 任务 管理 🧗 עברית", id="unicode"),
]


def project(folder: Path) -> dict[str, object]:
    return tomllib.loads((folder / "facts.toml").read_text("utf-8"))


def test_green(new, tmp_path, shared_template):
    dest = tmp_path / "demo"
    run = new(dest)
    assert run.code == 0
    assert "make dev" in run.out
    assert "http://localhost:8000/docs" in run.out
    assert {path.name for path in dest.iterdir()} >= {
        ".env",
        ".git",
        "uv.lock",
        "services",
        "artifacts",
    }
    assert git(dest, "status", "--porcelain") == ""
    assert (
        git(dest, "log", "--format=%an <%ae> %s")
        == "Example Team <team@example.com> Start Task Manager at level 1"
    )
    recorded = yaml.safe_load((dest / ".copier-answers.yml").read_text())
    assert recorded["_src_path"] == str(shared_template)
    assert recorded["_commit"] == "v0.1.0"
    assert {path.name for path in tmp_path.iterdir()} == {"demo", "home"}


def test_the_environment_of_the_process_is_given_back(new, tmp_path):
    before = dict(os.environ)
    assert new(tmp_path / "demo", "--no-gates").code == 0
    assert dict(os.environ) == before


def test_progress_is_only_for_terminals(new, tmp_path):
    assert new(tmp_path / "demo").err == ""


def test_without_gates(new, tmp_path):
    assert new(tmp_path / "demo", "--no-gates").code == 0
    assert not (tmp_path / "demo/artifacts").exists()


@pytest.mark.parametrize("given", [["--gates", "none"], ["--no-gates"]])
def test_no_gates_are_said(new, tmp_path, given):
    run = new(tmp_path / "demo", *given)
    assert run.code == 0
    assert "make check    # runs all its gates, none of which ran" in run.out


def test_quick_gates(new, tmp_path, capfd):
    run = new(tmp_path / "demo", "--gates", "quick")
    assert run.code == 0
    assert "make check    # runs all its gates" in run.out
    assert (tmp_path / "demo/artifacts/reports/gates.json").exists()


def test_red_gates(new, template, tmp_path):
    (template / "template/{{ level_1 }}/red").write_text("red\n")
    commit(template, "red")
    run = new(tmp_path / "demo", source=template)
    assert run.code == 4
    assert run.out.endswith("  make check    # again, once what is told above is mended\n")
    assert "make dev" not in run.out
    assert (tmp_path / "demo/uv.lock").is_file()


@pytest.mark.parametrize("text", TEXTS)
def test_free_text_comes_out_as_it_went_in(new, tmp_path, text):
    answers = yaml.safe_load((ROOT / "examples/task_manager/answers.yml").read_text())
    answers |= {"project_name": text, "problem": f"{text}\n\nsecond\t{text}", "author_name": text}
    file = tmp_path / "answers.yml"
    file.write_text(yaml.safe_dump(answers, allow_unicode=True), "utf-8")
    dest = tmp_path / "demo"
    assert new(dest, "--no-gates", answers=file).code == 0
    assert project(dest) == {"name": text, "problem": f"{text}\n\nsecond\t{text}"}
    recorded = yaml.safe_load((dest / ".copier-answers.yml").read_text("utf-8"))
    assert {key: recorded[key] for key in answers} == answers


def test_settings_lie_over_the_file(new, tmp_path):
    run = new(
        tmp_path / "demo",
        "--no-gates",
        "--set",
        "project_name=Other",
        "--set",
        "function=x1",
        "--set",
        "function_reason=y",
    )
    assert run.code == 0
    assert project(tmp_path / "demo")["name"] == "Other"
    assert (tmp_path / "demo/services/team_tasks_x1_api/tasks.py").is_file()


def test_invalid_answers_write_nothing(new, answers, tmp_path):
    file = answers(("level: 1", "levle: 1"), ("modules: []", "modules: [moon]"))
    run = new(tmp_path / "deep/demo", answers=file)
    assert run.code == 1
    assert run.err.startswith(f"ferrata: INCOMPLETE {file}: 3 problems\n")
    assert run.err.count("\n") == 4
    assert everything(tmp_path) == {"answers.yml", "home"}


def test_a_model_that_no_new_project_has(new, answers, tmp_path):
    entities = yaml.safe_load(answers().read_text("utf-8"))["entities"]
    reference = {"name": "refund_id", "type": "reference", "references": "refund", "table": "backs"}
    entities[0]["fields"].append(reference)
    before = everything(tmp_path)
    run = new(tmp_path / "demo", "--set", f"entities={yaml.safe_dump(entities, width=9999)}")
    assert (run.code, everything(tmp_path)) == (1, before)
    assert "add the entity later, with `ferrata add entity`" in run.err


def test_warnings_are_told_and_do_not_stop(new, answers, tmp_path):
    file = answers(("availability_percent: 99", "availability_percent: 99.99"))
    run = new(tmp_path / "demo", "--no-gates", answers=file)
    assert run.code == 0
    assert run.err.startswith(
        "ferrata: warning: non_functional.availability_percent: 99.99 % is more than level 1"
    )
    assert run.err.count("\n") == 1
    assert (tmp_path / "demo/README.md").is_file()


def test_no_terminal_to_ask_on(ferrata, tmp_path):
    run = ferrata("new", tmp_path / "demo")
    assert (run.code, run.out) == (2, "")
    assert "--answers" in run.err


@pytest.mark.parametrize(
    "name", ["demo", "a/b/c/demo", "with space", "ünïcode 任务", "-dash", "x.y"]
)
def test_destinations(new, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    assert new(f"./{name}", "--no-gates").code == 0
    assert (tmp_path / name / "README.md").is_file()


def test_an_empty_folder_is_filled(new, tmp_path, monkeypatch):
    dest = tmp_path / "demo"
    dest.mkdir()
    inode = dest.stat().st_ino
    monkeypatch.chdir(dest)
    assert new(".", "--no-gates").code == 0
    assert dest.stat().st_ino == inode
    assert not list(dest.glob(".ferrata.*"))
    assert git(dest, "status", "--porcelain") == ""


def test_a_link_to_an_empty_folder(new, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert new(tmp_path / "link", "--no-gates").code == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real/README.md").is_file()


@pytest.mark.parametrize(
    ("dest", "said"),
    [
        pytest.param("full", "is not empty", id="not empty"),
        pytest.param("file", "is a file", id="file"),
        pytest.param("file/demo", "is no folder that you may write to", id="below a file"),
        pytest.param("dangling", "is a link to nowhere", id="dangling link"),
        pytest.param("loop/demo", "choose another DEST", id="link loop"),
        pytest.param("new/../full", "is not empty", id="dots"),
        pytest.param("", "DEST must be the path of a folder", id="empty"),
        pytest.param(" ", "DEST must be the path of a folder", id="blank"),
        pytest.param("a\0b", "DEST must be the path of a folder", id="nul"),
        pytest.param("x" * 300, "File name too long", id="too long"),
        pytest.param("/proc/demo", "cannot be written", id="nothing can be made there"),
    ],
)
def test_impossible_destinations(new, tmp_path, monkeypatch, dest, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/kept.txt").write_text("kept")
    (tmp_path / "file").write_text("kept")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    before = everything(tmp_path)
    run = new(dest, "--no-gates")
    assert (run.code, run.out) == (1, "")
    assert run.err.count("\n") == 1
    assert said in run.err
    assert everything(tmp_path) == before
    assert (tmp_path / "full/kept.txt").read_text() == (tmp_path / "file").read_text() == "kept"


def test_missing_git(new, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    run = new(tmp_path / "demo")
    assert run.code == 1
    assert (
        run.err
        == "ferrata: git is missing on the PATH; install it (https://git-scm.com) and try again\n"
    )
    assert everything(tmp_path) == {"home"}


@pytest.fixture
def _no_uv(monkeypatch):
    which = shutil.which
    monkeypatch.setattr(
        "shutil.which", lambda name, **options: None if name == "uv" else which(name, **options)
    )


@pytest.mark.usefixtures("_no_uv")
def test_missing_uv(new, tmp_path):
    run = new(tmp_path / "demo")
    assert run.code == 4
    assert "uv.lock: NOT RUN: uv is missing; install it" in run.err
    assert "gates: NOT RUN: uv is missing; install it" in run.err
    assert (tmp_path / "demo/README.md").is_file()
    assert (tmp_path / "demo/.env").is_file()
    assert not (tmp_path / "demo/artifacts").exists()


def test_no_network_for_packages(new, template, tmp_path, monkeypatch):
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    file = template / "template/{{ level_1 }}/pyproject.toml.jinja"
    file.write_text(
        file.read_text().replace("requires-python", 'dependencies = ["iniconfig"]\nrequires-python')
    )
    commit(template, "a package")
    run = new(tmp_path / "demo", source=template)
    assert run.code == 4
    assert "uv.lock: NOT RUN: " in run.err
    assert "gates: NOT RUN: " in run.err
    assert all(line.startswith("ferrata: ") for line in run.err.splitlines())
    assert (tmp_path / "demo/README.md").is_file()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param(
            "https://nowhere.invalid/template.git", "check the address and the network", id="https"
        ),
        pytest.param("git@nowhere.invalid:a/b.git", "check the address and the network", id="ssh"),
        pytest.param("file:///nowhere/at/all", "check the address and the network", id="file"),
        pytest.param("nowhere/at/all", "does not exist; give a folder", id="path"),
        pytest.param("/", "is no git repository", id="no repository"),
    ],
)
def test_unreadable_templates(new, tmp_path, monkeypatch, url, said):
    monkeypatch.setenv("GIT_SSH_COMMAND", "false")
    run = new(tmp_path / "demo", source=url)
    assert (run.code, run.out) == (1, "")
    assert run.err.count("\n") == 1
    assert said in run.err
    assert everything(tmp_path) == {"home"}


def test_a_repository_that_is_no_template(new, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    run = new(tmp_path / "demo", source=other)
    assert run.code == 1
    assert "has no revision 'HEAD'" in run.err
    (other / "copier.yml").write_text("a: {type: str, default: b}\n")
    commit(other, "one")
    run = new(tmp_path / "demo", source=other)
    assert run.code == 1
    assert "is no Ferrata template: it has no extensions/answers.py" in run.err


def test_a_folder_inside_a_template(new, tmp_path, shared_template):
    run = new(tmp_path / "demo", source=shared_template / "template")
    assert run.code == 1
    assert "give its root" in run.err


def test_uncommitted_changes_are_left_out_and_said(new, template, tmp_path):
    (template / "template/{{ level_1 }}/README.md.jinja").write_text("dirty")
    (template / "template/{{ level_1 }}/untracked.txt").write_text("dirty")
    run = new(tmp_path / "demo", "--no-gates", source=template)
    assert run.code == 0
    assert (
        run.err
        == f"ferrata: {template} has uncommitted changes; they are left out, the commit is used\n"
    )
    assert "dirty" not in (tmp_path / "demo/README.md").read_text()
    assert not (tmp_path / "demo/untracked.txt").exists()
    recorded = yaml.safe_load((tmp_path / "demo/.copier-answers.yml").read_text())
    assert recorded["_commit"] == "v0.1.0"


@pytest.fixture
def evolved(template):
    """A template with a newer commit than its release, on a branch and at the head."""
    readme = template / "template/{{ level_1 }}/README.md.jinja"
    readme.write_text("second\n")
    commit(template, "two")
    git(template, "branch", "next")
    return template


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        pytest.param([], "second", id="head of a path"),
        pytest.param(["--ref", "v0.1.0"], "# Task Manager", id="tag"),
        pytest.param(["--ref", "next"], "second", id="branch"),
        pytest.param(["--ref", "HEAD~1"], "# Task Manager", id="expression"),
    ],
)
def test_refs(new, evolved, tmp_path, ref, expected):
    assert new(tmp_path / "demo", "--no-gates", *ref, source=evolved).code == 0
    assert (tmp_path / "demo/README.md").read_text().splitlines()[0] == expected


@pytest.mark.parametrize("ref", ["nowhere", "--version", "a b", ""])
def test_unknown_refs(new, evolved, tmp_path, ref):
    run = new(tmp_path / "demo", f"--ref={ref}", source=evolved)
    assert run.code == 1
    assert "give a tag, branch or commit; newest tags: v0.1.0" in run.err
    assert not (tmp_path / "demo").exists()


def test_a_url_gives_its_newest_release(new, evolved, tmp_path):
    url = f"file://{evolved}"
    assert new(tmp_path / "demo", "--no-gates", source=url).code == 0
    recorded = yaml.safe_load((tmp_path / "demo/.copier-answers.yml").read_text())
    assert (recorded["_src_path"], recorded["_commit"]) == (f"git+{url}", "v0.1.0")
    assert not (tmp_path / "home/.cache/copier").exists()


def test_the_users_git_is_respected_and_untouched(new, tmp_path):
    config = tmp_path / "home/.gitconfig"
    hooks = tmp_path / "home/hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    text = (
        "[user]\n\tname = Me\n\temail = me@example.org\n[init]\n\tdefaultBranch = trunk\n"
        f"[commit]\n\tgpgSign = true\n[core]\n\thooksPath = {hooks}\n"
    )
    config.write_text(text)
    assert new(tmp_path / "demo", "--no-gates").code == 0
    assert git(tmp_path / "demo", "log", "--format=%an %cn") == "Me Me"
    assert git(tmp_path / "demo", "symbolic-ref", "--short", "HEAD") == "trunk"
    assert config.read_text() == text


def test_an_author_whom_git_would_refuse(new, tmp_path):
    assert new(tmp_path / "demo", "--no-gates", "--set", "author_name=<.,>").code == 0
    assert git(tmp_path / "demo", "log", "--format=%an") == "team@example.com"


def test_inside_a_git_hook(new, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    assert new(tmp_path / "demo", "--no-gates").code == 0
    assert (tmp_path / "demo/.git").is_dir()
    assert not (other / ".git/index").exists()


def test_inside_another_repository(new, tmp_path):
    git(tmp_path, "init", "--quiet")
    assert new(tmp_path / "build/demo", "--no-gates").code == 0
    assert git(tmp_path / "build/demo", "rev-parse", "--show-toplevel") == str(
        tmp_path / "build/demo"
    )


def test_the_same_answers_give_the_same_project(new, tmp_path):
    for name in ("one", "two"):
        assert new(tmp_path / name, "--no-gates").code == 0
    exclude = ["--exclude=.git", "--exclude=__pycache__"]
    subprocess.run(["diff", "-r", *exclude, tmp_path / "one", tmp_path / "two"], check=True)


@pytest.mark.parametrize("mask", [0o077, 0o002])
def test_the_umask_changes_nothing_that_git_keeps(new, tmp_path, mask):
    assert new(tmp_path / "usual", "--no-gates").code == 0
    before = os.umask(mask)
    try:
        assert new(tmp_path / "odd", "--no-gates").code == 0
    finally:
        os.umask(before)

    listed = [git(tmp_path / name, "ls-files", "--stage") for name in ("usual", "odd")]
    assert listed[0] == listed[1]

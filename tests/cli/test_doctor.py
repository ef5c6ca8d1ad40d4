"""`ferrata doctor`: what drifted, one line each."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.cli.support import EXAMPLE, LAYER, commit, git, write_tiny_template


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A template and a fresh project made from it."""
    folder = tmp_path_factory.mktemp("doctor")
    template = write_tiny_template(folder / "template")
    command = [sys.executable, "-m", "ferrata", "new", "demo", "--answers", EXAMPLE]
    command += ["--template", template, "--no-gates"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def project(made, tmp_path):
    return shutil.copytree(made / "demo", tmp_path / "demo")


@pytest.fixture
def template(made, tmp_path):
    """The template, to be changed; afterwards it is as it was."""
    kept = shutil.copytree(made / "template", tmp_path / "kept")
    yield made / "template"
    shutil.rmtree(made / "template", ignore_errors=True)
    shutil.copytree(kept, made / "template")


@pytest.fixture
def doctor(ferrata, project):
    def run(state: str = "") -> tuple[int, list[tuple[str, str, str]]]:
        result = ferrata("doctor", project, "--json")
        document = json.loads(result.out)
        assert document["ok"] == (result.code == 0)
        checks = [(c["name"], c["state"], c["message"]) for c in document["checks"]]
        return result.code, [check for check in checks if not state or check[1] == state]

    return run


def test_a_fresh_project_is_sound(doctor):
    code, checks = doctor()
    assert code == 0
    sound = {name for name, state, _ in checks if state == "ok"}
    assert sound >= {"python", "git", "uv", "project", "answers", "template", "version", "drift"}


def test_text(ferrata, project):
    run = ferrata("doctor", project)
    assert (run.code, run.err) == (0, "")
    assert all(line.split()[0] in {"ok", "warn", "fail"} for line in run.out.splitlines())


def test_what_is_yours_may_change(doctor, project):
    (project / "README.md").unlink()
    (project / "services/team_tasks_api/tasks.py").write_text("mine")
    (project / "services/mine.py").write_text("mine")
    code, checks = doctor()
    assert code == 0
    [said] = [message for name, _, message in checks if name == "seeds"]
    assert said == "2 files were seeded and are yours, 1 deleted or renamed; they stay so"


def test_an_edited_file_of_the_template(doctor, project):
    (project / "tools/services.toml").write_text("")
    code, checks = doctor("warn")
    assert code == 0
    said = {name: message for name, _, message in checks}
    assert said["edited"].startswith("tools/services.toml: ")


@pytest.mark.parametrize("way", ["converted", "attributes", "editor"])
def test_how_lines_end_is_no_edit(way, doctor, project):
    """Git converts for its user, or as the project's own attributes ask; or an editor did."""
    if way == "attributes":
        (project / ".gitattributes").write_text("* text eol=crlf\n")
        commit(project, "attributes")
    if way == "editor":
        for path in ("pyproject.toml", "tools/services.toml"):
            (project / path).write_bytes((project / path).read_bytes().replace(b"\n", b"\r\n"))
    else:
        (project / "pyproject.toml").unlink()
        (project / "tools/services.toml").unlink()
        git(project, "-c", "core.autocrlf=true", "checkout", "--quiet", "--", ".")
    assert b"\r\n" in (project / "pyproject.toml").read_bytes()

    code, checks = doctor()

    assert code == 0
    assert "edited" not in {name for name, _, _ in checks}


def test_a_folder_where_the_template_has_a_file(doctor, project):
    (project / "pyproject.toml").unlink()
    (project / "pyproject.toml").mkdir()
    code, checks = doctor("warn")
    assert code == 0
    assert next(message for name, _, message in checks if name == "edited").startswith("pyproject")


def test_a_missing_file_of_the_template(doctor, project):
    (project / "pyproject.toml").unlink()
    code, [check] = doctor("fail")
    assert (code, check[0]) == (1, "missing")
    assert check[2].startswith("pyproject.toml: ")


@pytest.mark.parametrize("committed", [False, True])
def test_answers_edited_by_hand(doctor, project, committed):
    file = project / ".copier-answers.yml"
    file.write_text(file.read_text().replace("Task Manager", "Other"))
    if committed:
        commit(project, "by hand")
    code, [check] = doctor("fail")
    assert (code, check[0]) == (1, "answers")
    assert "edited by hand" in check[2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("[", "cannot be read", id="not YAML"),
        pytest.param("level: 1", "does not name its template", id="no template"),
        pytest.param("", "does not name its template", id="empty"),
    ],
)
def test_unreadable_answers(doctor, project, text, said):
    (project / ".copier-answers.yml").write_text(text)
    code, [check] = doctor("fail")
    assert code == 1
    assert said in check[2]


def test_a_newer_release(doctor, template):
    (template / f"{LAYER}/new.txt").write_text("new")
    commit(template, "two")
    git(template, "tag", "v0.2.0")
    code, checks = doctor()
    assert code == 0
    assert ("version", "warn", "v0.2.0 is there, the project has v0.1.0") in checks


def test_a_template_that_is_gone(doctor, template):
    shutil.rmtree(template)
    code, checks = doctor()
    assert code == 0
    said = {name: message for name, _, message in checks}
    assert said["template"].startswith("drift NOT CHECKED: ")


def test_missing_tools(ferrata, project, monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    run = ferrata("doctor", project)
    assert run.code == 1
    lines = {line.split()[1]: line for line in run.out.splitlines()}
    assert lines["git"].startswith("fail  git")
    assert lines["uv"].startswith("fail  uv")
    assert lines["docker"].startswith("warn  docker")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 0", "ok    docker"),
        ('test "$1" = compose', "but no engine answers; only `make up` needs it"),
        ('test "$1" = info', "but no Compose; only `make up` needs it"),
    ],
)
def test_docker_is_an_engine_too(ferrata, project, monkeypatch, tmp_path, script, said):
    docker = tmp_path / "bin/docker"
    docker.parent.mkdir()
    docker.write_text(f"#!/bin/sh\n{script}\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}{os.pathsep}{os.environ['PATH']}")
    run = ferrata("doctor", project)
    [line] = [line for line in run.out.splitlines() if " docker " in line]
    assert said in line


def test_no_project(ferrata, tmp_path):
    run = ferrata("doctor", tmp_path)
    assert run.code == 1
    assert "is no Ferrata project" in run.out

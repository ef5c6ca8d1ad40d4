"""`ferrata handoff`: the project's own hand-off, with the care of `ferrata check`."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.cli.support import EXAMPLE, write_tiny_template


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("handoff")
    template = write_tiny_template(folder / "template")
    options = ["--answers", EXAMPLE, "--template", template, "--no-gates"]
    command = [sys.executable, "-m", "ferrata", "new", "demo", *options]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "demo"


@pytest.fixture
def project(made, tmp_path):
    return shutil.copytree(made, tmp_path / "project")


def test_it_goes_through(ferrata, project):
    assert ferrata("handoff", project).code == 0


def test_in_the_current_folder(ferrata, project, monkeypatch):
    monkeypatch.chdir(project)
    assert ferrata("handoff").code == 0


def test_refused_with_a_line_for_each_reason(ferrata, project):
    (project / "open").touch()
    run = ferrata("handoff", project)
    assert run.code == 1
    assert run.err.splitlines() == ["FR-001 is not covered", "FR-002 is not covered"]


def test_json_is_one_document(ferrata, project):
    assert json.loads(ferrata("handoff", project, "--json").out) == {"refused": []}
    (project / "open").touch()
    run = ferrata("handoff", project, "--json")
    assert run.code == 1
    assert len(json.loads(run.out)["refused"]) == 2


@pytest.mark.parametrize("code", [2, 3])
def test_a_hand_off_that_falls_over(ferrata, project, code):
    (project / "tools/handoff/__main__.py").write_text(f"raise SystemExit({code})")
    run = ferrata("handoff", project)
    assert run.code == 1
    assert f"hand-off: tools.handoff ended with {code}" in run.err


def test_an_older_template(ferrata, project):
    shutil.rmtree(project / "tools/handoff")
    run = ferrata("handoff", project)
    assert (run.code, run.out) == (1, "")
    assert "its template is older than the hand-off" in run.err
    assert "`copier update --trust`" in run.err
    assert run.err.count("\n") == 1


def test_no_project(ferrata, tmp_path):
    run = ferrata("handoff", tmp_path)
    assert (run.code, run.out) == (1, "")
    assert "is no Ferrata project: it has no .copier-answers.yml" in run.err
    assert run.err.count("\n") == 1


def test_missing_uv(ferrata, project, monkeypatch):
    which = shutil.which
    monkeypatch.setattr(
        "shutil.which", lambda name, **options: None if name == "uv" else which(name, **options)
    )
    run = ferrata("handoff", project, "--json")
    reason = "hand-off: NOT RUN: uv is missing; install it (`python -m pip install uv`)"
    assert run.code == 1
    assert run.err == f"ferrata: {reason}\n"
    assert json.loads(run.out) == {"error": reason}


def test_packages_that_cannot_be_had(ferrata, project, monkeypatch, tmp_path):
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    (project / "uv.lock").unlink()
    text = (project / "pyproject.toml").read_text()
    needy = text.replace("requires", 'dependencies = ["iniconfig"]\nrequires', 1)
    (project / "pyproject.toml").write_text(needy)
    run = ferrata("handoff", project)
    assert run.code == 1
    assert run.err.startswith("ferrata: hand-off: NOT RUN: ")
    assert run.err.count("\n") == 1

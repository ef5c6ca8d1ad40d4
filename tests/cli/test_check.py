"""`ferrata check`: the gates that the project brings, and never a verdict without them."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.cli.support import EXAMPLE, write_tiny_template


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project whose gates were never run."""
    folder = tmp_path_factory.mktemp("check")
    template = write_tiny_template(folder / "template")
    command = [
        sys.executable,
        "-m",
        "ferrata",
        "new",
        "demo",
        "--answers",
        EXAMPLE,
        "--template",
        template,
    ]
    subprocess.run([*command, "--no-gates"], cwd=folder, check=True, capture_output=True)
    return folder / "demo"


@pytest.fixture
def project(made, tmp_path):
    return shutil.copytree(made, tmp_path / "project")


def test_green(ferrata, project):
    assert ferrata("check", project).code == 0
    assert (project / "artifacts/reports/gates.json").is_file()


def test_in_the_current_folder(ferrata, project, monkeypatch):
    monkeypatch.chdir(project)
    assert ferrata("check").code == 0


def test_red(ferrata, project):
    (project / "red").touch()
    assert ferrata("check", project).code == 4


def test_json_is_one_document(ferrata, project):
    run = ferrata("check", project, "--json")
    assert run.code == 0
    assert json.loads(run.out) == {"gates": []}


def test_one_gate(ferrata, project):
    assert ferrata("check", project, "--only", "known").code == 0
    run = ferrata("check", project, "--only", "unknown")
    assert run.code == 2
    assert "do not know unknown" in run.err


def test_nothing_kept(ferrata, project):
    run = ferrata("check", project, "--fresh")
    assert (run.code, run.out) == (0, "nothing is kept\n")


def test_gates_that_keep_nothing_do_not_know_how_to_run_afresh(ferrata, project):
    (project / "tools/check/__main__.py").write_text("raise SystemExit(2)")
    run = ferrata("check", project, "--fresh")
    assert run.code == 2
    assert "do not know --fresh" in run.err


@pytest.mark.parametrize("code", [1, 3])
def test_gates_that_fall_over_are_not_green(ferrata, project, code):
    (project / "tools/check/__main__.py").write_text(f"raise SystemExit({code})")
    run = ferrata("check", project)
    assert run.code == 4
    assert f"gates: NOT RUN: tools.check ended with {code}" in run.err


@pytest.mark.parametrize("given", ["nowhere", "."])
def test_no_project(ferrata, tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    run = ferrata("check", given)
    assert (run.code, run.out) == (1, "")
    assert "is no Ferrata project: it has no .copier-answers.yml" in run.err
    assert run.err.count("\n") == 1


def test_missing_uv(ferrata, project, monkeypatch):
    which = shutil.which
    monkeypatch.setattr(
        "shutil.which", lambda name, **options: None if name == "uv" else which(name, **options)
    )
    run = ferrata("check", project, "--json")
    assert run.code == 4
    assert json.loads(run.out) == {
        "state": "not run",
        "reason": "uv is missing; install it (`python -m pip install uv`)",
        "gates": [],
    }
    assert not (project / "artifacts").exists()


def test_packages_that_cannot_be_had(ferrata, project, monkeypatch, tmp_path):
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    (project / "uv.lock").unlink()
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(
        text.replace("requires", 'dependencies = ["iniconfig"]\nrequires', 1)
    )
    run = ferrata("check", project)
    assert run.code == 4
    assert run.err.startswith("ferrata: gates: NOT RUN: ")
    assert run.err.count("\n") == 1
    assert not (project / "artifacts").exists()

"""Plain `copier copy --trust`: the same steps, and red gates do not cost the project."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import yaml

from tests import turns
from tests.cli.support import EXAMPLE, LAYER, commit, git

COPIER = [sys.executable, "-m", "copier"]


@pytest.fixture
def copier(template, tmp_path):
    def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        data = ["--data-file", str(EXAMPLE), "--defaults", "--trust", "--vcs-ref=HEAD"]
        command = [*COPIER, "copy", *data, *arguments, str(template), str(tmp_path / "demo")]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
        )

    return run


def test_green(copier, tmp_path):
    run = copier()
    assert run.returncode == 0, run.stderr
    assert "NOT RUN" not in run.stderr
    assert "RED" not in run.stderr
    demo = tmp_path / "demo"
    assert (demo / "uv.lock").is_file()
    assert (demo / ".env").is_file()
    assert (demo / "artifacts/reports/gates.json").is_file()
    assert f"Next: cd {demo};" in run.stderr


def test_red_gates_keep_the_project(copier, template, tmp_path):
    (template / f"{LAYER}/red").write_text("red\n")
    commit(template, "red")
    run = copier()
    assert run.returncode == 0
    assert "GATES ARE RED" in run.stderr
    assert (tmp_path / "demo/README.md").is_file()


def test_no_network(copier, template, tmp_path):
    file = template / f"{LAYER}/pyproject.toml.jinja"
    file.write_text(
        file.read_text().replace("requires-python", 'dependencies = ["iniconfig"]\nrequires-python')
    )
    commit(template, "a package")
    run = copier(UV_OFFLINE="1", UV_CACHE_DIR=str(tmp_path / "cache"))
    assert run.returncode == 0
    assert "uv.lock: NOT RUN: " in run.stderr
    assert "gates: NOT RUN: " in run.stderr
    assert (tmp_path / "demo/.env").is_file()


def test_interrupted_gates_keep_the_project(template, tmp_path):
    slow = "import time\nfrom pathlib import Path\nPath('started').touch()\ntime.sleep(60)\n"
    (template / f"{LAYER}/tools/check/__main__.py").write_text(slow)
    commit(template, "slow")
    demo = tmp_path / "demo"
    data = ["--data-file", str(EXAMPLE), "--defaults", "--trust", "--vcs-ref=HEAD"]
    command = [*COPIER, "copy", *data, str(template), str(demo)]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        while not (demo / "started").exists():
            assert run.poll() is None
            time.sleep(0.02)
        os.killpg(run.pid, signal.SIGINT)
        run.communicate(timeout=30)
    assert (demo / "README.md").is_file()
    assert (demo / "uv.lock").is_file()


@pytest.mark.parametrize(
    ("replacement", "said"),
    [
        pytest.param(("level: 1", "levle: 1"), "levle: is not a known key", id="misspelt"),
        pytest.param(
            ("context: team", "context: ../x"), "context: must be snake_case", id="traversal"
        ),
    ],
)
def test_wrong_answers_write_nothing(answers, template, tmp_path, replacement, said):
    data = ["--data-file", str(answers(replacement)), "--defaults", "--trust", "--vcs-ref=HEAD"]
    run = subprocess.run(
        [*COPIER, "copy", *data, template, tmp_path / "demo"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert said in run.stderr
    assert not (tmp_path / "demo").exists()


def test_ferrata_and_copier_write_the_same(copier, new, template, tmp_path):
    assert copier().returncode == 0
    assert new(tmp_path / "other/demo", source=template).code == 0
    ignored = ["--exclude=.git", "--exclude=.venv", "--exclude=__pycache__"]
    subprocess.run(["diff", "-r", *ignored, tmp_path / "demo", tmp_path / "other/demo"], check=True)


@turns.plain_updates
@pytest.mark.parametrize("gates", ["on", "off"])
def test_an_update_runs_the_gates_unless_told_not_to(copier, template, tmp_path, gates):
    assert copier().returncode == 0
    demo = tmp_path / "demo"
    git(demo, "init", "--quiet")
    commit(demo, "one")
    shutil.rmtree(demo / "artifacts")
    (template / f"{LAYER}/new.txt").write_text("new\n")
    commit(template, "two")
    command = [*COPIER, "update", "--defaults", "--trust", "--vcs-ref=HEAD", str(demo)]
    environment = {**os.environ, "FERRATA_GATES": gates}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    assert (demo / "new.txt").is_file()
    assert (demo / "artifacts").exists() == (gates == "on")
    assert yaml.safe_load((demo / ".copier-answers.yml").read_text())["_commit"].startswith(
        "v0.1.0-1-g"
    )

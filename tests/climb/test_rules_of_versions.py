"""In an update each version of the template goes by its own rules, whichever were loaded before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import turns
from tests.cli.support import LAYER, commit, git, write_tiny_template
from tests.climb.conftest import Climb
from tests.climb.support import copy_of, new_project, replace

OLD, NEW = "spoken: Team_Tasks, of old\n", "spoken: TEAM tasks, anew\n"


@pytest.fixture(scope="module")
def old_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of v0.1.0; v0.2.0 says the same with other rules, and with other modules of them."""
    folder = tmp_path_factory.mktemp("versions")
    template = write_tiny_template(folder / "template")
    git(template, "tag", "--delete", "v0.1.0")
    rules = template / "extensions/rules"
    # Plain Copier wants it there.
    record = template / LAYER / "{{ _copier_conf.answers_file }}.jinja"
    record.rename(template / "template" / record.name)
    (template / LAYER / "spoken.txt.jinja").write_text(
        "# 1\n# 2\n# 3\nspoken: {{ 'team_tasks' | words }}\n# 5\n# 6\n# 7\n"
    )
    _speak(rules, "older", '"_".join(part.title() for part in name.split("_")) + ", of old"')
    commit(template, "of old")
    git(template, "tag", "v0.1.0")
    project = new_project(template, folder / "demo")
    _speak(rules, "newer", '"{} {}, anew".format(name[:4].upper(), name[5:])')
    (rules / "older.py").unlink()
    commit(template, "anew")
    git(template, "tag", "v0.2.0")
    return project


def _speak(rules: Path, module: str, how: str) -> None:
    """Put what the filter `words` gives into a module that only this version has."""
    (rules / f"{module}.py").write_text(f"def spoken(name: str) -> str:\n    return {how}\n")
    file = rules / "names.py"
    if "import spoken" in file.read_text():
        replace(file, r"from \.\w+ import spoken", f"from .{module} import spoken")
    else:
        replace(file, r"(def words.*\n    \"\"\".*\n    return ).*", r"\1spoken(name)")
        replace(file, r"\n\ndef class_name", f"from .{module} import spoken\n\\g<0>")


@pytest.fixture
def project(old_project: Path, tmp_path: Path) -> Path:
    """The same with a line of its owner's, which a wrong version of the rules would not merge."""
    project = copy_of(old_project, tmp_path / "demo")
    file = project / "spoken.txt"
    assert OLD in file.read_text()
    file.write_text(file.read_text() + "# mine\n")
    commit(project, "edited")
    return project


@turns.climbs
def test_plain_copier(project: Path) -> None:
    command = [sys.executable, "-m", "copier", "update", "--trust", "--defaults"]

    run = subprocess.run(
        command, cwd=project, capture_output=True, text=True, check=False, env=os.environ
    )

    assert run.returncode == 0, run.stderr
    assert (project / "spoken.txt").read_text() == f"# 1\n# 2\n# 3\n{NEW}# 5\n# 6\n# 7\n# mine\n"


def test_climb(project: Path, climb: Climb) -> None:
    run = climb(project, "--upgrade")

    assert run.code == 0, run.err
    assert "template v0.1.0 -> v0.2.0" in run.out
    assert (project / "spoken.txt").read_text() == f"# 1\n# 2\n# 3\n{NEW}# 5\n# 6\n# 7\n# mine\n"

"""The Makefile of a project finds uv and Python, or gets uv."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

PYTHON = """#!/bin/sh
echo "python3 $*" >> calls
mkdir -p .uv/bin
cp "$0" .uv/bin/python
test "$2" != pip || { printf '#!/bin/sh\\necho "uv $*" >> calls\\necho "$PATH" > path\\n' > .uv/bin/uv; chmod +x .uv/bin/uv; }
"""
TOOLS = ("sh", "cat", "ls", "tail", "mkdir", "cp", "chmod", "make")


@pytest.fixture
def project(rendered: Callable[[str], Path], tmp_path: Path) -> Path:
    """What make reads of a project, and a machine with little more than a Python."""
    project = tmp_path / "project"
    project.mkdir()
    for name in ("Makefile", ".python-version"):
        shutil.copy(rendered("task_manager") / name, project / name)
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(str(shutil.which(tool)))
    (folder / "python3").write_text(PYTHON)
    (folder / "python3").chmod(0o755)
    return project


def make(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(project.parent / "bin"), "HOME": str(project.parent)}
    command = [str(shutil.which("make")), *arguments]
    return subprocess.run(
        command, cwd=project, env=environment, check=False, capture_output=True, text=True
    )


@pytest.mark.parametrize("target", ["setup", "dev", "lint"])
def test_a_command_gets_uv_where_it_is_missing(project: Path, target: str) -> None:
    done = make(project, target)

    assert done.returncode == 0, done.stderr
    fetched = [
        "python3 -m venv .uv",
        "python3 -m pip install --quiet --disable-pip-version-check uv",
    ]
    calls = (project / "calls").read_text().splitlines()
    assert calls[:2] == fetched
    assert calls[2].startswith("uv ")
    assert make(project, target).returncode == 0
    assert (project / "calls").read_text().count("python3") == 2


def test_it_says_what_is_missing_where_uv_cannot_be_had(project: Path) -> None:
    (project.parent / "bin/python3").write_text("#!/bin/sh\necho no venv here >&2; exit 1\n")

    done = make(project, "lint")

    assert done.returncode == 2
    assert "no venv here" in done.stderr
    assert "uv is missing, and could not be installed into .uv: see above" in done.stderr


@pytest.mark.parametrize("known", [True, False])
def test_a_python_that_pyenv_keeps_off_the_path_is_found(project: Path, known: bool) -> None:  # noqa: FBT001
    version = (project / ".python-version").read_text().strip() if known else "3.1"
    folder = project.parent / f".pyenv/versions/{version}.7/bin"
    folder.mkdir(parents=True)

    make(project, "setup")

    path = (project / "path").read_text().strip().split(os.pathsep)
    assert path == [str(project.parent / "bin"), *([str(folder)] if known else [])]

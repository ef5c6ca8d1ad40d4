"""The tools live in the template, in a folder whose name is a Jinja expression."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TEMPLATE = Path(__file__).parents[2] / "template" / "{{ level_1 }}"
sys.path.insert(0, str(TEMPLATE))

# The tools run in generated projects, which are newer than what the repository itself supports.
collect_ignore_glob = ["test_*.py"] if sys.version_info < (3, 12) else []


@pytest.fixture
def level_1() -> Path:
    """The folder whose content becomes a project."""
    return TEMPLATE


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, which is the current folder."""
    for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL", "NO_COLOR", "API_PORT", "DATA_PORT"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "tools").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def start(project: Path):
    """Start one of the tools in the project as a process of its own; end what is left of it."""
    processes: list[subprocess.Popen[str]] = []

    def start(*words: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=project,
            env={**os.environ, "PYTHONPATH": f"{TEMPLATE}{os.pathsep}{project}", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.terminate()
        process.wait(15)
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()

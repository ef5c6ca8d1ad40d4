"""Stopping at any moment, and a disk that is full: a complete project, or nothing."""

import errno
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from copier._main import Worker

from tests import turns
from tests.cli.support import EXAMPLE, LAYER, commit, everything, git

SLOW = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}"
SLOW_PYTHON = "import time\nfrom pathlib import Path\nPath('started').touch()\ntime.sleep(60)\n"
PATIENCE_S = 30


def start(
    template: Path, dest: Path, *arguments: str, **options: object
) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "ferrata", "new", str(dest), "--answers", str(EXAMPLE)]
    command += ["--template", str(template), *arguments]
    temporary = template.parent / "temporary"
    temporary.mkdir()
    return subprocess.Popen(
        command,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,  # type: ignore[call-overload]
    )


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def staged(folder: Path, name: str) -> Callable[[], list[Path]]:
    return lambda: list(folder.glob(f".ferrata.*/*/{name}"))


@pytest.fixture(params=[pytest.param(os.kill, id="process"), pytest.param(os.killpg, id="group")])
def stop(request):
    """Signal only ferrata, or everything it started as well, as a terminal does."""
    return request.param


@turns.interrupted_projects
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_while_rendering(template, tmp_path, stop, number):
    (template / f"{LAYER}/zz.txt.jinja").write_text(SLOW)
    commit(template, "slow")
    folder = tmp_path / "work"
    folder.mkdir()
    run = start(template, folder / "deep/demo")
    wait_for(staged(folder / "deep", ".gitignore"))
    stop(run.pid, number)
    _, err = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 130
    assert err == "ferrata: interrupted; nothing half-made was left behind\n"
    assert everything(folder) == everything(tmp_path / "temporary") == set()


@turns.interrupted_projects
def test_while_preparing(template, tmp_path, stop):
    (template / f"{LAYER}/tools/env.py").write_text(SLOW_PYTHON)
    commit(template, "slow")
    run = start(template, tmp_path / "demo")
    wait_for(staged(tmp_path, "started"))
    stop(run.pid, signal.SIGINT)
    run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 130
    assert {path.name for path in tmp_path.iterdir()} == {"home", "template", "temporary"}
    assert everything(tmp_path / "temporary") == set()


@turns.interrupted_projects
def test_while_the_gates_run(template, tmp_path, stop):
    (template / f"{LAYER}/tools/check/__main__.py").write_text(SLOW_PYTHON)
    commit(template, "slow")
    demo = tmp_path / "demo"
    run = start(template, demo)
    wait_for((demo / "started").exists)
    stop(run.pid, signal.SIGINT)
    _, err = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 130
    assert err.endswith(
        "ferrata: interrupted; the gates did not finish, run `make check` in the project\n"
    )
    assert git(demo, "log", "--format=%s") == "Start Task Manager at level 1"
    # uv leaves its lock files where temporary files go.
    assert not list((tmp_path / "temporary").glob("ferrata*"))


def test_no_file_may_grow(template, tmp_path):
    """A limit on the size of files, for Copier, git and Python alike, as on a disk that is full."""
    (template / f"{LAYER}/large.txt.jinja").write_text("{{ 'x' * 50000 }}")
    commit(template, "large")
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))  # noqa: E731
    (template / ".git/index").stat()
    run = start(template, tmp_path / "demo", preexec_fn=limit)
    out, err = run.communicate(timeout=PATIENCE_S)
    assert (run.returncode, out) == (1, "")
    assert err.startswith("ferrata: ")
    assert err.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"home", "template", "temporary"}
    assert everything(tmp_path / "temporary") == set()


@pytest.mark.parametrize("nth", [1, 5, 12])
def test_a_full_disk(new, tmp_path, monkeypatch, nth):
    written = []
    write = Worker._render_file

    def full(self: Worker, *arguments: object, **options: object) -> None:
        written.append(arguments)
        if len(written) == nth:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(self, *arguments, **options)

    monkeypatch.setattr(Worker, "_render_file", full)
    run = new(tmp_path / "deep/demo")
    assert (run.code, run.out) == (1, "")
    assert "No space left on device" in run.err
    assert run.err.count("\n") == 1
    assert everything(tmp_path) == {"home"}
    assert new(tmp_path / "deep/demo", "--no-gates").code == 0


def test_a_bug_while_generating_leaves_nothing(new, tmp_path, monkeypatch):
    monkeypatch.setattr("ferrata.making.generate.commit_all", lambda *_: 1 / 0)
    run = new(tmp_path / "demo")
    assert run.code == 3
    assert not (tmp_path / "demo").exists()
    assert not list(tmp_path.glob(".ferrata.*"))


def test_a_template_that_fails_leaves_nothing(new, template, tmp_path):
    (template / f"{LAYER}/zz.txt.jinja").write_text("{{ nowhere.to.be.found }}")
    commit(template, "broken")
    run = new(tmp_path / "demo", source=template)
    assert run.code == 3
    assert not (tmp_path / "demo").exists()
    assert not list(tmp_path.glob(".ferrata.*"))

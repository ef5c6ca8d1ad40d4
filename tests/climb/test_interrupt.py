"""Stopping a climb at any moment: the project is as it was, or as it should be."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import turns
from tests.climb.support import LISTS, listed, new_project, state, write_template
from tests.support import commit_all, git

PATIENCE_S = 60
# Runs ferrata with a pause in front of a step, to be stopped there.
RUNNER = """
import sys, time
from pathlib import Path
from importlib import import_module
module, name, before = {step!r}
from ferrata.template import updates
journal = module == "journal"
place = updates().updating().Journal if journal else import_module(module)
step = getattr(place, name)
def paused(*arguments, **options):
    if before:
        Path({mark!r}).touch()
        time.sleep(1.5)
    result = step(*arguments, **options)
    if not before:
        Path({mark!r}).touch()
        time.sleep(1.5)
    return result
setattr(place, name, paused)
from ferrata.cli import main
sys.argv = ["ferrata", "climb", {project!r}, "--to", "2"]
sys.exit(main())
"""
MOMENTS = [
    (("ferrata.climbing.climb", "previewed", True), False, "before-the-merge"),
    (("ferrata.climbing.climb", "previewed", False), False, "after-the-merge"),
    (("ferrata.climbing.climb", "apply", True), False, "before-it-is-applied"),
    (("journal", "write", False), False, "while-it-is-applied"),
    (("journal", "complete_env", False), False, "before-it-is-pinned"),
    (("journal", "finish", False), True, "just-applied"),
    (("ferrata.climbing.climb", "run_climbed", True), True, "before-the-gates"),
]
# A Ctrl-C reaches everything that runs in the terminal; `kill` reaches one process.
WAYS = {"process": False, "group": True}
EVERY_DAY = {"after-the-merge-group", "while-it-is-applied-process"}
STOPS = [
    pytest.param(
        step,
        applied,
        group,
        id=f"{moment}-{way}",
        marks=[] if f"{moment}-{way}" in EVERY_DAY else pytest.mark.long,
    )
    for step, applied, moment in MOMENTS
    for way, group in WAYS.items()
]


@turns.climbs
@pytest.mark.parametrize(("step", "applied", "group"), STOPS)
def test_stopped(
    step: tuple[str, str, bool],
    applied: bool,  # noqa: FBT001
    group: bool,  # noqa: FBT001
    project: Path,
    fresh_2: Path,
    tmp_path: Path,
) -> None:
    before = state(project)
    temporary, mark = tmp_path / "temporary", tmp_path / "mark"
    temporary.mkdir()
    code = RUNNER.format(step=step, mark=str(mark), project=str(project))
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        end = time.monotonic() + PATIENCE_S
        while not mark.exists():
            assert time.monotonic() < end
            assert run.poll() is None
            time.sleep(0.02)
        (os.killpg if group else os.kill)(run.pid, signal.SIGINT)
        _, err = run.communicate(timeout=PATIENCE_S)

    assert run.returncode == 130, err
    assert err.splitlines()[-1].startswith("ferrata: interrupted")
    assert not list(temporary.glob("ferrata*"))
    if applied:
        for path in listed(fresh_2, LISTS[1]):
            assert (project / path).read_bytes() == (fresh_2 / path).read_bytes(), path
        assert git(project, "diff", "--name-only") == ""
    else:
        assert state(project) == before


@pytest.mark.long
def test_stopped_in_the_middle_of_writing(tmp_path: Path) -> None:
    """A Ctrl-C while files change places waits until they did; then all of it is taken back."""
    template = write_template(tmp_path / "template")
    for number in range(3000):
        file = template / f"template/{{{{ level_2 }}}}/many/{number}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{number}\n")
    commit_all(template, "many files")
    project = new_project(template, tmp_path / "demo")
    before = state(project)
    command = [sys.executable, "-m", "ferrata", "climb", str(project), "--to", "2"]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE) as run:
        while not (project / "many").exists():
            assert run.poll() is None
            time.sleep(0.001)
        os.killpg(run.pid, signal.SIGINT)
        run.communicate(timeout=PATIENCE_S)

    assert run.returncode == 130
    assert state(project) == before

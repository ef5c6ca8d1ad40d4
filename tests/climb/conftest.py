"""A shared template, a shared project at level 1, and ferrata in this process."""

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ferrata.cli import main
from ferrata.climbing import preview
from ferrata.project import read
from ferrata.template import Template, updates
from ferrata.template.rendering import Write
from tests.cli.support import Run
from tests.climb.support import (
    State,
    answers,
    copy_of,
    new_paths,
    new_project,
    state,
    write_template,
)
from tests.support import render

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NO_RENDERING = shutil.ignore_patterns(".git", ".env", "uv.lock", ".venv")
Climb = Callable[..., Run]
Fresh = Callable[..., Path]


@pytest.fixture(autouse=True)
def _own_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No git configuration of this machine's user, no gates, and signals as they were."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("FERRATA_GATES", "off")
    before = {number: signal.getsignal(number) for number in ENDING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with a level 2 and more, for reading."""
    return write_template(tmp_path_factory.mktemp("climb") / "template")


@pytest.fixture(scope="session")
def level_1(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project at level 1, for reading."""
    return new_project(template, tmp_path_factory.mktemp("level-1") / "demo")


@pytest.fixture(scope="session")
def made() -> dict[tuple[object, ...], Path]:
    """What was rendered without a climb, by level and modules."""
    return {}


@pytest.fixture(scope="session")
def fresh(
    template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    made: dict[tuple[object, ...], Path],
) -> Fresh:
    """What a level with modules is without a climb, for reading."""

    def project(level: int, *modules: str) -> Path:
        key = (level, *modules)
        if key not in made:
            given = answers(level=level, modules=list(modules))
            made[key] = render(template, given, tmp_path_factory.mktemp("fresh") / "demo")
        return made[key]

    return project


@pytest.fixture(scope="session")
def fresh_2(fresh: Fresh) -> Path:
    """What level 2 is without a climb, for reading."""
    return fresh(2)


@pytest.fixture(scope="session")
def names(level_1: Path, fresh: Fresh) -> dict[str, str]:
    """Paths that edits speak of, whatever level 2 and a module consist of."""
    return new_paths(level_1, fresh(2, "files"))


@dataclass(frozen=True)
class Climbed:
    """A project that climbed to level 2, with what was there before and what was said."""

    project: Path
    before: State
    out: str


@pytest.fixture(scope="session")
def climbed(level_1: Path, tmp_path_factory: pytest.TempPathFactory) -> Climbed:
    """A climb from level 1 to 2 without any edit, for reading."""
    project = copy_of(level_1, tmp_path_factory.mktemp("climbed") / "demo")
    before = state(project)
    command = [sys.executable, "-m", "ferrata", "climb", str(project), "--to", "2"]
    run = subprocess.run(
        command,
        env={**os.environ, "FERRATA_GATES": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return Climbed(project, before, run.stdout)


@pytest.fixture
def project(level_1: Path, tmp_path: Path) -> Path:
    """A project at level 1, to be edited."""
    return copy_of(level_1, tmp_path / "demo")


@pytest.fixture
def climb(ferrata_in: Climb) -> Climb:
    """Run `ferrata climb` in this process."""
    return functools.partial(ferrata_in, "climb")


@pytest.fixture
def ferrata_in(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Climb:
    """Run a command in this process."""

    def run(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["ferrata", *map(str, arguments)])
        capfd.readouterr()
        code = main()
        out, err = capfd.readouterr()
        return Run(code, out, err)

    return run


@pytest.fixture(scope="session")
def renderings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What Copier wrote for some answers, for reading."""
    return {}


@pytest.fixture
def quick(
    monkeypatch: pytest.MonkeyPatch,
    renderings: dict[str, Path],
    made: dict[tuple[object, ...], Path],
    level_1: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Climbs that pin nothing from the network and write each version of the template once.

    What was rendered for the tests themselves is not written again: test_guarantees.py proves that
    it is the same.
    """
    as_it_is = preview.versions

    @contextmanager
    def remembered(template: Template, temporary: Path) -> Iterator[Write]:
        def write(commit: str, given: Mapping[str, Any], folder: Path) -> Path:
            key = f"{commit} {json.dumps(given, sort_keys=True)}"
            if key not in renderings:
                target = tmp_path_factory.mktemp("rendering") / "demo"
                for project in (level_1, *made.values()):
                    there = read(project)
                    if there.commit == commit and there.answers == given:
                        renderings[key] = shutil.copytree(
                            project, target, symlinks=True, ignore=NO_RENDERING
                        )
                        break
                else:
                    with as_it_is(template, temporary) as really:
                        renderings[key] = really(commit, given, target)
            return shutil.copytree(renderings[key], folder, symlinks=True)

        yield write

    monkeypatch.setattr(preview, "versions", remembered)
    monkeypatch.setattr(updates().steps(), "lock", _pinned)
    monkeypatch.setattr(updates().steps(), "locked", lambda _: True)


def _pinned(project: Path) -> None:
    (project / "uv.lock").write_text("version = 1\n")
